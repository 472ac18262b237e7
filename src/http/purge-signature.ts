import { createHmac, timingSafeEqual } from 'node:crypto';
import { HttpError } from './http-error.ts';

/** Clocks of sender and server may differ by this much, in seconds. */
const toleranceS = 300;
const form = /^t=([1-9]\d{0,11}),v1=([0-9a-f]{64})$/;
const how =
  'as "t=<seconds since 1970>,v1=<HMAC-SHA-256 of "<t>.<body>" with CACHE_PURGE_SECRET, in lower-case hexadecimal>"';

export interface SignedRequest {
  secret: string;
  /** What was sent as `X-Freshfield-Signature`, each time it was. */
  sent: readonly string[];
  /** As it came. */
  body: Uint8Array;
  now: Date;
}

/** Checks the signature of a request, and answers it: no other request has the same. Fails with 401, and how to mend it. */
export function checkSignature({ secret, sent, body, now }: SignedRequest): string {
  const [, time, signature] = (sent.length === 1 ? form.exec(sent[0] ?? '') : null) ?? [];
  if (!time || !signature) throw unsigned(`Send one X-Freshfield-Signature, ${how}.`);
  const expected = createHmac('sha256', secret).update(`${time}.`).update(body).digest();
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex'))) {
    throw unsigned(`The signature is not that of this body. Sign the very bytes you send, ${how}.`);
  }
  // After the signature: nobody else learns what this server's clock says.
  const ageS = now.getTime() / 1000 - Number(time);
  if (Math.abs(ageS) <= toleranceS) return `${time}.${signature}`;
  const which = ageS > 0 ? 'older' : 'newer';
  throw unsigned(`The signature is ${which} than ${toleranceS} seconds. Sign when you send, and set the clock right.`);
}

function unsigned(message: string): HttpError {
  return new HttpError('UNAUTHENTICATED', message, { headers: { 'WWW-Authenticate': 'Freshfield-Signature' } });
}
