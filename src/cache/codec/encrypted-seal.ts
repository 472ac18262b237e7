import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Tenant } from '../coherence/change-log.ts';
import { createKey } from '../key.ts';
import type { EncryptionKey } from './encryption-keys.ts';
import { kinds, refusalOf, version, type Place, type Seal } from './seal.ts';

const algorithm = 'aes-256-gcm';
/** 96 bits, by chance each time: under one tenant's key that is good for four thousand million entries. */
const ivBytes = 12;
const tagBytes = 16;
/** Deriving a key takes as long as encrypting a small answer. */
const maxDerivedKeys = 10_000;

/**
 * Version, kind, length and id of the key, a random IV, the content under AES-256-GCM, its tag. What comes before the
 * IV cannot be encrypted but is authenticated, with the place the entry belongs to; everything else an entry says,
 * its tags and its position in the log too, is inside.
 */
export function createEncryptedSeal(keys: readonly EncryptionKey[]): Seal {
  const [current] = keys;
  if (!current) throw new Error('An encrypted seal needs a key.');
  const known = new Map(keys.map((key) => [key.id, key]));
  const derived = new LRUCache<string, KeyObject>({ max: maxDerivedKeys });

  /** Whoever learns the key of one tenant learns nothing of another, nor of the master key. */
  const keyOf = ({ id, key: master }: EncryptionKey, tenant: Tenant): KeyObject => {
    const name = `${id} ${tenant}`; // no id of a key has a space
    const found = derived.get(name);
    if (found) return found;
    // As a hash, since HKDF takes no long names.
    const info = createKey('the cache entries of a tenant', [tenant]);
    const made = createSecretKey(Buffer.from(hkdfSync('sha256', master, '', info, 32)));
    derived.set(name, made);
    return made;
  };

  return {
    seal(place, content) {
      const head = headOf(current);
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv(algorithm, keyOf(current, place.tenant), iv).setAAD(boundTo(head, place));
      return Buffer.concat([head, iv, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
    },
    open(place, sealed) {
      const refusal = refusalOf(sealed, 'encrypted');
      if (refusal) return refusal;
      const ivAt = 3 + (sealed[2] ?? 0);
      const key = known.get(sealed.toString('latin1', 3, ivAt));
      if (!key) return 'unknown-key';
      const contentAt = ivAt + ivBytes;
      const tagAt = sealed.byteLength - tagBytes;
      if (tagAt < contentAt) return 'damaged';
      try {
        const iv = sealed.subarray(ivAt, contentAt);
        const decipher = createDecipheriv(algorithm, keyOf(key, place.tenant), iv, { authTagLength: tagBytes })
          .setAAD(boundTo(sealed.subarray(0, ivAt), place))
          .setAuthTag(sealed.subarray(tagAt));
        return Buffer.concat([decipher.update(sealed.subarray(contentAt, tagAt)), decipher.final()]);
      } catch {
        return 'damaged'; // it has no other way of saying so
      }
    },
  };
}

function headOf({ id }: EncryptionKey): Buffer {
  return Buffer.concat([Buffer.of(version, kinds.encrypted, id.length), Buffer.from(id, 'latin1')]);
}

function boundTo(head: Uint8Array, { tenant, key }: Place): Buffer {
  return Buffer.concat([head, Buffer.from(JSON.stringify([tenant, key]))]);
}
