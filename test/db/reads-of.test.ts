import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, DummyDriver, sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { reading, UndeclaredReadError } from '../../src/db/reads/declared-reads.ts';
import { readsOf } from '../../src/db/reads/reads-of.ts';
import type { Narrowing, NarrowingKind, TrackedTables } from '../../src/db/reads/tracked-tables.ts';

const narrowing = (type: string, column: string, kind: NarrowingKind = 'uuid'): Narrowing => ({
  column,
  kind,
  prefix: column === 'id' ? `E:${type}:` : `P:${type}:${column}${kind.startsWith('month') ? ':month' : ''}=`,
});
const tracked: TrackedTables = {
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
const id = (number: number) => `00000000-0000-4000-8000-00000000000${number}`;

const db = new Kysely<any>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (kysely) => new PostgresIntrospector(kysely),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

const reads = (query: { toOperationNode(): any }) => [...readsOf(query.toOperationNode(), tracked)].toSorted();

describe('what a query depends on', () => {
  it('is one row each where rows are asked for by id', () => {
    expect(
      reads(
        db
          .selectFrom('tickets')
          .selectAll()
          .where('id', 'in', [id(1), id(2)]),
      ),
    ).toEqual(['A:ticket', `E:ticket:${id(1)}`, `E:ticket:${id(2)}`]);
  });

  it('is the partition where a partition column must have a value', () => {
    const query = db.selectFrom('tickets').selectAll().where('site_id', '=', id(3)).where('priority', '=', 'HIGH');
    expect(reads(query)).toEqual(['A:ticket', `P:ticket:site_id=${id(3)}`]);
  });

  it('is the narrowest of several conditions', () => {
    const query = db
      .selectFrom('tickets')
      .selectAll()
      .where('site_id', 'in', [id(3), id(4)])
      .where('assignee_id', '=', id(5));
    expect(reads(query)).toEqual(['A:ticket', `P:ticket:assignee_id=${id(5)}`]);
  });

  it('is the months that a range of dates touches', () => {
    const query = db
      .selectFrom('tickets')
      .selectAll()
      .where('created_at', '>=', new Date('2026-10-30T23:00:00Z'))
      .where('created_at', '<', new Date('2026-12-01T00:00:00Z'));
    expect(reads(query)).toEqual([
      'A:ticket',
      'P:ticket:created_at:month=2026-10',
      'P:ticket:created_at:month=2026-11',
      'P:ticket:created_at:month=2026-12',
    ]);
  });

  it('is the whole type behind OR, NOT, raw conditions, open ranges and computed values', () => {
    const base = db.selectFrom('tickets').selectAll();
    for (const query of [
      base,
      base.where((where: any) => where.or([where('site_id', '=', id(3)), where('priority', '=', 'HIGH')])),
      base.where((where: any) => where.not(where('site_id', '=', id(3)))),
      base.where(sql<boolean>`site_id = ${id(3)}`),
      base.where('site_id', '!=', id(3)),
      base.where('site_id', 'is', null),
      base.where('created_at', '>=', new Date('2026-10-01T00:00:00Z')),
      base.where('site_id', '=', sql`some_function(${id(3)})`),
    ]) {
      expect(reads(query)).toEqual(['L:ticket']);
    }
  });

  it('carries a value along equal columns, into joins and correlated subqueries', () => {
    const query = db
      .selectFrom('people')
      .innerJoin('person_roles as held', 'held.person_id', 'people.id')
      .where('people.id', '=', id(6))
      .select((select: any) => [
        select
          .selectFrom('person_roles as again')
          .whereRef('again.person_id', '=', 'people.id')
          .select('again.role_id')
          .as('x'),
      ]);
    expect(reads(query)).toEqual([
      'A:person',
      'A:person_role',
      `E:person:${id(6)}`,
      `P:person_role:person_id=${id(6)}`,
    ]);
  });

  it('is not narrowed by a subquery on the same table under the same name', () => {
    const query = db
      .selectFrom('tickets')
      .where('tickets.site_id', '=', id(3))
      .select((select: any) => [
        select
          .selectFrom('tickets')
          .select(sql`count(*)`.as('n'))
          .as('all'),
      ]);
    expect(reads(query)).toEqual(['A:ticket', 'L:ticket', `P:ticket:site_id=${id(3)}`]);
  });

  it('does not trust a condition in WHERE on the optional side of an outer join', () => {
    const query = db
      .selectFrom('people')
      .leftJoin('tickets', 'tickets.assignee_id', 'people.id')
      .where('tickets.site_id', '=', id(3))
      .selectAll('people');
    expect(reads(query)).toEqual(['L:person', 'L:ticket']);
  });

  it('sees every branch of UNION, of common table expressions and of EXISTS', () => {
    const query = db
      .with('mine', (from: any) => from.selectFrom('tickets').select('id').where('assignee_id', '=', id(5)))
      .selectFrom('mine')
      .select('mine.id')
      .union(db.selectFrom('people').select('id').where('site_id', '=', id(3)))
      .$call((all: any) => all);
    expect(reads(query)).toEqual([
      'A:person',
      'A:ticket',
      `P:person:site_id=${id(3)}`,
      `P:ticket:assignee_id=${id(5)}`,
    ]);
    const exists = db
      .selectFrom('people')
      .selectAll()
      .where('id', '=', id(6))
      .where((where: any) =>
        where.exists(where.selectFrom('tickets').select('tickets.id').where('tickets.site_id', '=', id(4))),
      );
    expect(reads(exists)).toEqual(['A:person', 'A:ticket', `E:person:${id(6)}`, `P:ticket:site_id=${id(4)}`]);
  });

  it('must be declared for raw SQL that reads tables', () => {
    const raw = sql<boolean>`people.id in (select search_people(${'x'}))`;
    expect(() => reads(db.selectFrom('people').selectAll().where(raw))).toThrow(UndeclaredReadError);
    const declared = db
      .selectFrom('people')
      .selectAll()
      .where('id', '=', id(5))
      .where(reading(['people'] as never, raw));
    expect(reads(declared)).toEqual(['A:person', `E:person:${id(5)}`, 'L:person']);
  });

  it('cannot be told for a table that is exempt, unknown, or hidden by an expression of its name', () => {
    expect(() => reads(db.selectFrom('audit_log').selectAll())).toThrow(UndeclaredReadError);
    expect(() => reads(db.selectFrom('nowhere').selectAll())).toThrow(UndeclaredReadError);
    const hidden = db
      .with('people', (from: any) => from.selectFrom('people').selectAll())
      .selectFrom('people')
      .selectAll();
    expect(() => reads(hidden)).toThrow(UndeclaredReadError);
  });
});
