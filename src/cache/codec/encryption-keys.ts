import { createSecretKey, type KeyObject } from 'node:crypto';

/** A master key by its name. Neither JSON nor a log shows what a KeyObject holds. */
export interface EncryptionKey {
  /** 1 to 32 letters, digits, dots, dashes or underscores; written beside each entry. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: KeyObject;
}

/** What is wrong with a list of keys. Says nothing of what is in it: a key may stand where a name belongs. */
export class EncryptionKeysError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join(' '));
    this.name = 'EncryptionKeysError';
    this.problems = problems;
  }
}

const keyBytes = 32;
/** 32 random bytes have fewer different ones less than once in 10^12 times; typed ones nearly always. */
const minDifferentBytes = 18;

/**
 * Reads `name:base64,name:base64`: the first key encrypts, the others only decrypt what was written before.
 * Throws an `EncryptionKeysError` that lists everything that is wrong.
 */
export function parseEncryptionKeys(text: string): readonly EncryptionKey[] {
  const problems: string[] = [];
  const [ids, secrets] = [new Map<string, number>(), new Map<string, number>()];
  const keys = text.split(',').flatMap((part, index): EncryptionKey[] => {
    const wrong = (problem: string): [] => {
      problems.push(`Key ${index + 1} ${problem}.`);
      return [];
    };
    const match = /^\s*([\w.-]{1,32}):([^\s:]*)\s*$/.exec(part);
    if (!match)
      return wrong(
        'is not written as <name>:<base64>, with a name of up to 32 letters, digits, dots, dashes, underscores',
      );
    const [, id = '', secret = ''] = match;
    const bytes = Buffer.from(secret, 'base64');
    if (bytes.toString('base64') !== secret) return wrong('is not base64');
    if (bytes.byteLength !== keyBytes) {
      return wrong(`has ${bytes.byteLength} bytes and needs ${keyBytes}: \`openssl rand -base64 32\` makes some`);
    }
    if (new Set(bytes).size < minDifferentBytes) return wrong('is not random: `openssl rand -base64 32` makes one');
    const [sameId, sameSecret] = [ids.get(id), secrets.get(secret)];
    ids.set(id, index);
    secrets.set(secret, index);
    if (sameId !== undefined) return wrong(`has the name of key ${sameId + 1}`);
    if (sameSecret !== undefined) return wrong(`is key ${sameSecret + 1} again under another name`);
    return [{ id, key: createSecretKey(bytes) }];
  });
  if (problems.length > 0) throw new EncryptionKeysError(problems);
  return keys;
}
