import { createHash } from 'node:crypto';

/** `Value 7` becomes `Agent 7`; a real name stays what it is. */
export function nameOf(noun: string, value: string): string {
  const number = anonymous(value);
  return number ? `${noun} ${number}` : value;
}

/**
 * A short key for a value, the same in every run: `product-7` for `Value 7`. A real name gets a piece of its hash as
 * well, so that two that differ only in case or punctuation do not meet.
 */
export function keyOf(noun: string, value: string): string {
  const number = anonymous(value);
  if (number) return `${noun}-${number}`;
  const words = value
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 32);
  return `${noun}-${words}-${hashOf(value)}`.replaceAll(/-+/g, '-');
}

/** A site's code: at most 16 capitals, digits and dashes. */
export function codeOf(noun: string, value: string): string {
  const number = anonymous(value);
  return `${noun}-${number ?? hashOf(value)}`.toUpperCase();
}

function anonymous(value: string): string | null {
  return /^Value (\d{1,6})$/.exec(value)?.[1] ?? null;
}

function hashOf(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 8);
}
