import type { ExecutionResult, GraphQLError } from 'graphql';
import type { Part } from './incremental.ts';

/** Put together from parts; without prototypes, for an alias may be called `constructor` or `__proto__`. */
type Fields = Record<string | number, unknown>;

export interface Whole extends ExecutionResult {
  data: Fields | null;
  errors?: GraphQLError[];
}

/** Puts a part where it belongs in the whole answer. The part stays as it is: it may not have been sent yet. */
export function mergePart(whole: Whole, { data, items, path = [], errors, incremental = [] }: Part): void {
  if (data) place(whole, path, data);
  for (const [index, item] of items?.entries() ?? []) {
    place(whole, [...path.slice(0, -1), Number(path.at(-1)) + index], item);
  }
  if (errors) (whole.errors ??= []).push(...errors);
  for (const inner of incremental) mergePart(whole, inner);
}

function place(whole: Whole, path: readonly (string | number)[], value: unknown): void {
  let around: unknown = whole;
  let last: string | number = 'data';
  for (const step of path) {
    around = (around as Fields)[last];
    if (!hasFields(around)) return; // an error has put null in its place
    last = step;
  }
  const into = around as Fields;
  into[last] = merged(into[last], value);
}

/** What two parts have in common is the same in both: objects field by field, lists entry by entry. */
function merged(known: unknown, more: unknown): unknown {
  if (!hasFields(more)) return more;
  const into = (hasFields(known) ? known : Array.isArray(more) ? [] : Object.create(null)) as Fields;
  for (const key of Object.keys(more)) into[key] = merged(into[key], (more as Fields)[key]);
  return into;
}

/** An object or a list, not what a scalar was made into: a date is one value. */
function hasFields(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
