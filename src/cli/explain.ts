/** What an operator is told of a failure: its message, and no stack. */
export function explain(error: unknown): string {
  if (error instanceof AggregateError && !error.message) return error.errors.map(explain).join('; ');
  return error instanceof Error ? error.message : String(error);
}
