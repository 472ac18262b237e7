import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';
import type { Limits } from './limits.ts';
import { answerTypes, knownTypes } from './media-type.ts';

/**
 * Headers that a page of another origin cannot add without asking first (a preflight, which is never granted here):
 * a request that carries one was not forged by a link, an image or a form.
 */
const unforgeable = ['authorization', 'x-requested-with', 'apollo-require-preflight', 'x-graphql-yoga-csrf'];
const idempotencyKey = /^[\x21-\x7e]{1,255}$/;

/** What the head of a GraphQL request alone says about it. Refuses wrong methods, media types (of the body, and wanted for the answer) and forgeries. */
export function admit(request: IncomingMessage, { urlCharacters }: Limits): void {
  const { method = '', url = '', headers } = request;
  if (method !== 'GET' && method !== 'POST') {
    throw new HttpError('BAD_USER_INPUT', 'GraphQL is asked with GET or POST.', {
      status: 405,
      headers: { Allow: 'GET, POST' },
    });
  }
  if (url.length > urlCharacters) {
    const message = `The address may have at most ${urlCharacters} characters. Send the operation by POST, or by its id.`;
    throw new HttpError('LIMIT_EXCEEDED', message, { status: 414 });
  }
  const contentType = headers['content-type'];
  if (method === 'POST' || contentType !== undefined) refuseOtherThanJson(contentType);
  if (method === 'GET') refuseForgery(request);
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') {
    throw new HttpError('BAD_USER_INPUT', 'Send the body without a Content-Encoding.', { status: 415 });
  }
  // Before anything is done: a mutation whose answer cannot be sent is not to be made either.
  if (answerTypes(headers.accept).length === 0) {
    const message = `Name a media type that answers have in "Accept": ${knownTypes.join(', ')}.`;
    throw new HttpError('BAD_USER_INPUT', message, { status: 406 });
  }
  const key = headers['idempotency-key'];
  if (key !== undefined && !idempotencyKey.test(String(key))) {
    throw new HttpError('BAD_USER_INPUT', 'Idempotency-Key takes 1 to 255 printable ASCII characters, no spaces.');
  }
}

/** JSON is not among the types a form can send: it doubles as the proof that the request is not forged. */
function refuseOtherThanJson(contentType: string | undefined): void {
  const [mediaType, ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase());
  const utf8 = parameters.every(
    (parameter) => !parameter.startsWith('charset=') || /^charset="?utf-?8"?$/.test(parameter),
  );
  if (mediaType === 'application/json' && utf8) return;
  throw new HttpError('BAD_USER_INPUT', 'Send the request as "Content-Type: application/json", in UTF-8.', {
    status: 415,
  });
}

/** Browsers say where a GET comes from; a client that is no browser says nothing and has nothing to forge with. */
function refuseForgery({ headers }: IncomingMessage): void {
  if (unforgeable.some((name) => headers[name] !== undefined)) return;
  const site = headers['sec-fetch-site'];
  const destination = headers['sec-fetch-dest'];
  const foreign =
    (site !== undefined && site !== 'same-origin' && site !== 'none') ||
    (destination !== undefined && destination !== 'empty' && destination !== 'document') ||
    headers['sec-fetch-mode'] === 'no-cors' ||
    (headers.origin !== undefined && hostOf(headers.origin) !== headers.host);
  if (!foreign) return;
  throw new HttpError('FORBIDDEN', 'This looks like a forged request. Send a token, or the header X-Requested-With.');
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
