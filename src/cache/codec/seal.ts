import type { Tenant } from '../coherence/change-log.ts';
import type { RejectReason } from '../events.ts';

/** Where an entry belongs: one that was moved elsewhere is as wrong as a damaged one. */
export interface Place {
  readonly tenant: Tenant;
  readonly key: string;
}

/** Makes bytes that nobody without the secret can change, move or, where they are encrypted, read. */
export interface Seal {
  seal(place: Place, content: Uint8Array): Buffer;
  /** The content, or why it is not believed. */
  open(place: Place, sealed: Buffer): Buffer | RejectReason;
}

/** The first byte of every blob. One of another version is a miss: versions live side by side during a deployment. */
export const version = 3;
/** The second. */
export const kinds = { signed: 1, encrypted: 2 } as const;

/** Why bytes cannot even be tried; null where they can. */
export function refusalOf(sealed: Buffer, kind: keyof typeof kinds): RejectReason | null {
  if (sealed[0] !== version) return 'version';
  if (sealed[1] === kinds[kind]) return null;
  if (sealed[1] === kinds.signed) return 'unencrypted';
  return sealed[1] === kinds.encrypted ? 'encrypted' : 'version';
}
