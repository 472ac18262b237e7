import {
  CompiledQuery,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type KyselyPlugin,
  type QueryResult,
} from 'kysely';
import type pg from 'pg';
import type { Tables } from './tables.ts';

/** Runs one statement; where it runs (a snapshot, a transaction, a bare client) is the caller's affair. */
export type RunStatement = (query: CompiledQuery) => Promise<pg.QueryResult>;

/** A Kysely whose statements all go through `run`. It opens no connection and knows no transaction of its own. */
export function createQueryBuilder(run: RunStatement, plugins: KyselyPlugin[] = []): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new StatementDialect(run), plugins });
}

class StatementDialect implements Dialect {
  readonly #run: RunStatement;

  constructor(run: RunStatement) {
    this.#run = run;
  }

  createAdapter = () => new PostgresAdapter();
  createQueryCompiler = () => new PostgresQueryCompiler();
  createIntrospector = (db: Kysely<unknown>) => new PostgresIntrospector(db);
  createDriver = () => new StatementDriver(new StatementConnection(this.#run));
}

class StatementConnection implements DatabaseConnection {
  readonly #run: RunStatement;

  constructor(run: RunStatement) {
    this.#run = run;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const result = await this.#run(query);
    return { rows: result.rows as Row[], numAffectedRows: BigInt(result.rowCount ?? 0) };
  }

  streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('Streaming is not supported here; page through with a keyset instead.');
  }
}

class StatementDriver implements Driver {
  readonly #connection: StatementConnection;

  constructor(connection: StatementConnection) {
    this.#connection = connection;
  }

  init = async () => {};
  destroy = async () => {};
  acquireConnection = async () => this.#connection;
  releaseConnection = async () => {};
  beginTransaction = () => this.#refuse();
  commitTransaction = () => this.#refuse();
  rollbackTransaction = () => this.#refuse();

  async #refuse(): Promise<never> {
    throw new Error('Transactions belong to the tenant session: use session.write().');
  }
}
