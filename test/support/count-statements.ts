import pg from 'pg';

/**
 * Runs `work` and answers the statements that Postgres received meanwhile, from whatever connection of this process;
 * those that open and close transactions are left out. `values` are their parameters.
 */
export async function countStatements<Result>(
  work: () => Promise<Result>,
): Promise<{ statements: string[]; values: unknown[][]; result: Result }> {
  const statements: string[] = [];
  const values: unknown[][] = [];
  const client = pg.Client.prototype as unknown as { query: (this: pg.Client, ...args: unknown[]) => unknown };
  const { query } = client;
  client.query = function counted(...args) {
    const [first] = args;
    const text = typeof first === 'string' ? first : ((first as { text?: string } | undefined)?.text ?? '');
    if (!/^(BEGIN|COMMIT|ROLLBACK)\b/.test(text)) {
      statements.push(text);
      values.push(Array.isArray(args[1]) ? args[1] : []);
    }
    return query.apply(this, args);
  };
  try {
    return { result: await work(), statements, values };
  } finally {
    client.query = query;
  }
}
