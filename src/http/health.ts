import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from './answer.ts';
import { HttpError } from './http-error.ts';

/** Why no request could be answered now; null where they can. */
export type Readiness = () => Promise<string | null>;

/** Answers `/health/live` (the process runs) and `/health/ready` (it can do its work); false for another path. */
export async function answerHealth(
  request: IncomingMessage,
  response: ServerResponse,
  { path, readiness }: { path: string; readiness: Readiness },
): Promise<boolean> {
  if (path !== '/health/live' && path !== '/health/ready') return false;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw new HttpError('BAD_USER_INPUT', 'Health is asked with GET or HEAD.', {
      status: 405,
      headers: { Allow: 'GET, HEAD' },
    });
  }
  const problem = path === '/health/ready' ? await readiness() : null;
  if (problem === null) sendJson(response, { status: 200, body: { status: 'ok' } });
  else sendJson(response, { status: 503, body: { status: 'unavailable', reason: problem } });
  return true;
}
