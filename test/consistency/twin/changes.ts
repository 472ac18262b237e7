import type pg from 'pg';
import { decodeGlobalId } from '../../../src/graphql/global-id.ts';
import type { Viewer } from '../../../src/graphql/viewer.ts';
import type { Dice } from '../../support/dice.ts';
import type { Executor } from '../../support/executor.ts';
import { randomMutation, type Ids } from './documents.ts';
import { tableOfType } from './ids.ts';
import { randomStatements, type Aim, type WritableTable } from './statements.ts';

export interface ChangeOptions {
  owner: pg.Pool;
  executor: Executor;
  dice: Dice;
  tables: readonly WritableTable[];
  /** Who may change everything, one for each tenant, and the rows there are. */
  admins: readonly { viewer: Viewer; ids: Ids }[];
  /** What some answer was made from. */
  likely: () => Aim | null;
  /** How many of a hundred changes are mutations; the rest is plain SQL. */
  mutations: number;
}

export interface Change {
  readonly text: string;
  /** It was refused: nothing has changed. */
  readonly failed: boolean;
}

/** Makes one random change, through a mutation or past the application. */
export async function makeChange(options: ChangeOptions): Promise<Change> {
  return options.dice.int(1, 100) <= options.mutations ? mutate(options) : runStatements(options);
}

async function runStatements({ owner, dice, tables, admins, likely }: ChangeOptions): Promise<Change> {
  const statements = randomStatements({ dice, tables, tenantIds: admins.map(({ viewer }) => viewer.tenantId), likely });
  // A superuser's session that looks at no foreign key and fires no ordinary trigger, as a restore has it.
  const asReplica = dice.chance(0.1) ? ['SET session_replication_role = replica'] : [];
  const text = [...asReplica, ...statements].join(';\n');
  const client = await owner.connect();
  try {
    for (const statement of [...asReplica, ...statements]) await client.query(statement);
    return { text, failed: false };
  } catch {
    await client.query('ROLLBACK');
    return { text, failed: true };
  } finally {
    await client.query('RESET session_replication_role');
    client.release();
  }
}

async function mutate({ owner, executor, dice, admins }: ChangeOptions): Promise<Change> {
  const { viewer, ids } = dice.pick(admins);
  const field = dice.pick(Object.keys(executor.schema.getMutationType()?.getFields() ?? {}));
  const given = await subjectOf(owner, dice, ids, field);
  const text = randomMutation({ schema: executor.schema, dice, ids }, field, given);
  const { body, errors } = await executor.run(viewer, text);
  return { text, failed: errors.length > 0 || body.includes('Error"') };
}

/** The row a mutation is about, with the version it has: else hardly one would be accepted. */
async function subjectOf(owner: pg.Pool, dice: Dice, ids: Ids, field: string): Promise<Record<string, string>> {
  const type = subjects[field];
  const candidates = ids.get(type ?? '') ?? [];
  if (!type || candidates.length === 0) return {};
  const globalId = dice.pick(candidates);
  const { id } = decodeGlobalId(globalId);
  const { rows } = await owner.query(
    `SELECT to_jsonb(t) -> 'version' AS version FROM ${tableOfType[type]} t WHERE id = $1`,
    [id],
  );
  const version = rows[0]?.version;
  return { id: JSON.stringify(globalId), ...(version && { version: String(version) }) };
}

const subjects: Readonly<Record<string, string>> = {
  updateTicket: 'Ticket',
  assignTicket: 'Ticket',
  transitionTicket: 'Ticket',
  deleteTicket: 'Ticket',
  updatePerson: 'Person',
  deactivatePerson: 'Person',
  correctAttendance: 'Attendance',
  assignShift: 'Shift',
  decideLeave: 'LeaveRequest',
  updateAsset: 'Asset',
  completeJob: 'Job',
};
