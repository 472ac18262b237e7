import type { Context } from '../context.ts';

export interface KeptValue<Value> {
  /** What it is: bounded, and the same for the same kind of value. */
  name: string;
  /** Which one: all that it is made from apart from data, the time and the viewer of the context, as plain data. */
  of: unknown;
  /** Seconds it may be kept where nothing it depends on changes. */
  maxAgeS: number;
  /** Makes it, from this context and no other: what it depends on is recorded there. */
  make: (context: Context) => Promise<Value>;
}

/** A value that fields are made from, kept by itself as `cached` keeps that of a field: several fields may share it. */
export function keptValue<Value>(context: Context, { name, of, maxAgeS, make }: KeptValue<Value>): Promise<Value> {
  const { fieldCache } = context;
  if (!fieldCache) return make(context);
  const resolve = (part: { context: Context }) => make(part.context);
  return fieldCache.resolve({ coordinate: name, parent: of, args: {}, maxAgeS, resolve }) as Promise<Value>;
}
