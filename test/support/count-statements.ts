import pg from 'pg';

/** Opening connections and transactions, closing them, the freshness probe that requests share, what a server reads once. */
const notData =
  /^\s*(BEGIN|COMMIT|ROLLBACK|SET CONSTRAINTS|SELECT pg_is_in_recovery)\b|change_epoch\(\)|\bchanges_since\(|\b(tracked_tables|cache_key_secrets|pg_proc)\b/;

const loadsViewer = /"tenant_slug"/;

/**
 * Runs `work` and answers the data statements that Postgres received meanwhile, from whatever connection of this
 * process. `values` are their parameters; `forAnswer` leaves out the one that loads the viewer, which an earlier request
 * of the same person may have left in the cache.
 */
export async function countStatements<Result>(
  work: () => Promise<Result>,
): Promise<{ statements: string[]; forAnswer: string[]; values: unknown[][]; result: Result }> {
  const statements: string[] = [];
  const values: unknown[][] = [];
  const client = pg.Client.prototype as unknown as { query: (this: pg.Client, ...args: unknown[]) => unknown };
  const { query } = client;
  client.query = function counted(...args) {
    const [first] = args;
    const text = typeof first === 'string' ? first : ((first as { text?: string } | undefined)?.text ?? '');
    if (!notData.test(text)) {
      statements.push(text);
      values.push(Array.isArray(args[1]) ? args[1] : []);
    }
    return query.apply(this, args);
  };
  try {
    const result = await work();
    return { result, statements, forAnswer: statements.filter((text) => !loadsViewer.test(text)), values };
  } finally {
    client.query = query;
  }
}
