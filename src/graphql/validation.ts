import type { z } from 'zod';
import { ValidationError } from '../errors.ts';

/** Parses client input; fails with one ValidationError that names every field that is wrong and how to mend it. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(withoutNulls(input));
  if (result.success) return result.data;
  throw new ValidationError(
    result.error.issues.map(({ path, message }) => ({ field: path.join('.') || 'input', message })),
  );
}

/**
 * GraphQL tells null from absent; where a null means "clear this field" its schema says `.nullable()`.
 * Everything else arrives unchanged.
 */
function withoutNulls(input: unknown): unknown {
  return input ?? {};
}
