import type { IncomingMessage } from 'node:http';
import { invalidToken } from './http-error.ts';
import { sentHeaders } from './sent-headers.ts';
import type { Identity, VerifyToken } from './tokens.ts';

const bearer = /^Bearer +([\w.~+/-]+=*) *$/i;

/** Whose token the request carries; null without an Authorization header. Anything but one good token is refused. */
export async function authenticate(request: IncomingMessage, verifyToken: VerifyToken): Promise<Identity | null> {
  const sent = sentHeaders(request, 'authorization');
  if (sent.length === 0) return null;
  const token = sent.length === 1 ? bearer.exec(sent[0] ?? '')?.[1] : undefined;
  if (token === undefined) throw invalidToken('Send one token, as "Authorization: Bearer <token>".');
  return verifyToken(token);
}
