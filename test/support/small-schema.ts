import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import { readsOf } from '../../src/db/reads/reads-of.ts';
import type { Narrowing, NarrowingKind, TrackedTables } from '../../src/db/reads/tracked-tables.ts';

const narrowing = (type: string, column: string, kind: NarrowingKind = 'uuid'): Narrowing => ({
  column,
  kind,
  prefix: column === 'id' ? `E:${type}:` : `P:${type}:${column}${kind.startsWith('month') ? ':month' : ''}=`,
});
/** A small schema to build queries on. */
export const tracked: TrackedTables = {
  functions: new Set(['search_people']),
  tables: new Map([
    [
      'tickets',
      {
        type: 'ticket',
        narrowings: [
          narrowing('ticket', 'id'),
          narrowing('ticket', 'site_id'),
          narrowing('ticket', 'assignee_id'),
          narrowing('ticket', 'status', 'text'),
          narrowing('ticket', 'created_at', 'month of instant'),
        ],
      },
    ],
    ['people', { type: 'person', narrowings: [narrowing('person', 'id'), narrowing('person', 'site_id')] }],
    ['person_roles', { type: 'person_role', narrowings: [narrowing('person_role', 'person_id')] }],
    ['shifts', { type: 'shift', narrowings: [narrowing('shift', 'id'), narrowing('shift', 'day', 'month of date')] }],
    ['audit_log', null],
  ]),
};

/** A uuid that can be told from others: `id(1)`. */
export const id = (number: number) => `00000000-0000-4000-8000-00000000000${number}`;

// oxlint-disable-next-line typescript/no-explicit-any -- tables that no module has
export const db = new Kysely<any>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (kysely) => new PostgresIntrospector(kysely),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/** The tags of a query, sorted. */
export const reads = (query: { toOperationNode(): any }) => [...readsOf(query.toOperationNode(), tracked)].toSorted();
