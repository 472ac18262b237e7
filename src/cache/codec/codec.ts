import type { Tenant } from '../coherence/change-log.ts';
import type { Entry } from '../entry.ts';
import type { RejectReason } from '../events.ts';
import { compress, decompress } from './compression.ts';
import { createEncryptedSeal } from './encrypted-seal.ts';
import type { EncryptionKey } from './encryption-keys.ts';
import { maxPayloadBytes, pack, unpack } from './payload.ts';
import type { Place } from './seal.ts';
import { createSignedSeal } from './signed-seal.ts';

/** How an entry lies in a store that takes execution results, and may write them as JSON. */
export interface BlobData {
  /** Base64: the shortest that JSON leaves as it is. */
  readonly b: string;
}

export interface CodecOptions {
  /** Signs entries, where they are not encrypted. The same on all nodes. */
  secret: string;
  /** Encrypts entries: the first one new ones, the others only open older ones. None: entries are signed. */
  encryptionKeys: readonly EncryptionKey[];
}

/** Entries on their way to a store that is not trusted, and back. */
export interface Codec {
  /** Null for what is too large to be shared. */
  encode(tenant: Tenant, key: string, entry: Entry): Promise<BlobData | null>;
  /** The entry that was encoded for this tenant and key; for anything else, why it is not believed. Never rejects. */
  decode(tenant: Tenant, key: string, blob: unknown): Promise<Entry | RejectReason>;
}

/** A blob that is nearly all overhead still fits. */
const maxBase64Length = Math.ceil((maxPayloadBytes + 1_024) / 3) * 4;

export function createCodec({ secret, encryptionKeys }: CodecOptions): Codec {
  const seal = encryptionKeys.length > 0 ? createEncryptedSeal(encryptionKeys) : createSignedSeal(secret);

  const decode = async (place: Place, blob: unknown): Promise<Entry | RejectReason> => {
    const sealed = bytesOf(blob);
    if (typeof sealed === 'string') return sealed;
    // Nothing of it is looked at, or given memory, before it is known to be ours.
    const content = seal.open(place, sealed);
    if (typeof content === 'string') return content;
    const payload = await decompress(content);
    return typeof payload === 'string' ? payload : (unpack(payload) ?? 'version');
  };

  return {
    async encode(tenant, key, entry) {
      const payload = pack(entry);
      if (payload.byteLength > maxPayloadBytes) return null;
      return { b: seal.seal({ tenant, key }, await compress(payload)).toString('base64') };
    },
    async decode(tenant, key, blob) {
      try {
        return await decode({ tenant, key }, blob);
      } catch {
        return 'foreign'; // not even plain data
      }
    },
  };
}

/** Only what is written as we write it: Buffer reads many a damaged text as if nothing had happened. */
function bytesOf(blob: unknown): Buffer | RejectReason {
  const text = (blob as Partial<BlobData> | null | undefined)?.b;
  if (typeof text !== 'string') return 'foreign';
  if (text.length > maxBase64Length) return 'too-large';
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : 'foreign';
}
