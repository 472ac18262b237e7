import { deserialize, serialize } from 'node:v8';

/** Names how values are written: another release of Node.js may write them otherwise, and not read what this one wrote. */
export const valueFormat = serialize(null).toString('hex');

/** A resolved value as bytes: plain data, dates, maps and sets. Fails for what cannot be kept, with what to do. */
export function encodeValue(value: unknown, coordinate: string): Uint8Array {
  try {
    return serialize(value);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it is no plain data';
    throw new Error(
      `The value of ${coordinate} cannot be kept (${why}): resolve it to plain data, or leave out cached.`,
      {
        cause,
      },
    );
  }
}

/** Each time a value of its own: whoever gets it may change it. */
export function decodeValue(bytes: Uint8Array): unknown {
  return deserialize(bytes);
}
