import { timingSafeEqual } from 'node:crypto';
import { createKey } from '../key.ts';
import { kinds, refusalOf, version, type Place, type Seal } from './seal.ts';

const head = Buffer.of(version, kinds.signed);
const macBytes = 32;
const contentAt = head.byteLength + macBytes;

/** Version, kind, HMAC-SHA-256 over all the rest and its place, the content as it is. */
export function createSignedSeal(secret: string): Seal {
  const macOf = ({ tenant, key }: Place, content: Uint8Array) =>
    Buffer.from(createKey(secret, ['blob', head, tenant, key, content]), 'base64url');
  return {
    seal: (place, content) => Buffer.concat([head, macOf(place, content), content]),
    open(place, sealed) {
      const refusal = refusalOf(sealed, 'signed');
      if (refusal) return refusal;
      if (sealed.byteLength < contentAt) return 'damaged';
      const [mac, content] = [sealed.subarray(head.byteLength, contentAt), sealed.subarray(contentAt)];
      return timingSafeEqual(mac, macOf(place, content)) ? content : 'damaged';
    },
  };
}
