import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, DummyDriver, sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { reading } from '../../src/db/reads/declared-reads.ts';
import { readsOf, UndeclaredReadError } from '../../src/db/reads/reads-of.ts';
import type { TrackedTables } from '../../src/db/reads/tracked-tables.ts';

const tracked: TrackedTables = new Map([
  ['tickets', { type: 'ticket', partitions: new Set(['site_id', 'assignee_id', 'created_at:month']) }],
  ['people', { type: 'person', partitions: new Set(['site_id']) }],
  ['person_roles', { type: 'person_role', partitions: new Set(['person_id']) }],
  ['audit_log', null],
]);

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
    expect(reads(db.selectFrom('tickets').selectAll().where('id', 'in', ['a', 'b']))).toEqual([
      'A:ticket',
      'E:ticket:a',
      'E:ticket:b',
    ]);
  });

  it('is the partition where a partition column must have a value', () => {
    const query = db.selectFrom('tickets').selectAll().where('site_id', '=', 's1').where('priority', '=', 'HIGH');
    expect(reads(query)).toEqual(['A:ticket', 'P:ticket:site_id=s1']);
  });

  it('is the narrowest of several conditions', () => {
    const query = db
      .selectFrom('tickets')
      .selectAll()
      .where('site_id', 'in', ['s1', 's2'])
      .where('assignee_id', '=', 'p');
    expect(reads(query)).toEqual(['A:ticket', 'P:ticket:assignee_id=p']);
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
      base.where((where: any) => where.or([where('site_id', '=', 's1'), where('priority', '=', 'HIGH')])),
      base.where((where: any) => where.not(where('site_id', '=', 's1'))),
      base.where(sql<boolean>`site_id = ${'s1'}`),
      base.where('site_id', '!=', 's1'),
      base.where('site_id', 'is', null),
      base.where('created_at', '>=', new Date('2026-10-01T00:00:00Z')),
      base.where('site_id', '=', sql`some_function(${'s1'})`),
    ]) {
      expect(reads(query)).toEqual(['L:ticket']);
    }
  });

  it('carries a value along equal columns, into joins and correlated subqueries', () => {
    const query = db
      .selectFrom('people')
      .innerJoin('person_roles as held', 'held.person_id', 'people.id')
      .where('people.id', '=', 'p1')
      .select((select: any) => [
        select
          .selectFrom('person_roles as again')
          .whereRef('again.person_id', '=', 'people.id')
          .select('again.role_id')
          .as('x'),
      ]);
    expect(reads(query)).toEqual(['A:person', 'A:person_role', 'E:person:p1', 'P:person_role:person_id=p1']);
  });

  it('is not narrowed by a subquery on the same table under the same name', () => {
    const query = db
      .selectFrom('tickets')
      .where('tickets.site_id', '=', 's1')
      .select((select: any) => [
        select
          .selectFrom('tickets')
          .select(sql`count(*)`.as('n'))
          .as('all'),
      ]);
    expect(reads(query)).toEqual(['A:ticket', 'L:ticket', 'P:ticket:site_id=s1']);
  });

  it('does not trust a condition in WHERE on the optional side of an outer join', () => {
    const query = db
      .selectFrom('people')
      .leftJoin('tickets', 'tickets.assignee_id', 'people.id')
      .where('tickets.site_id', '=', 's1')
      .selectAll('people');
    expect(reads(query)).toEqual(['L:person', 'L:ticket']);
  });

  it('sees every branch of UNION, of common table expressions and of EXISTS', () => {
    const query = db
      .with('mine', (from: any) => from.selectFrom('tickets').select('id').where('assignee_id', '=', 'p'))
      .selectFrom('mine')
      .select('mine.id')
      .union(db.selectFrom('people').select('id').where('site_id', '=', 's1'))
      .$call((all: any) => all);
    expect(reads(query)).toEqual(['A:person', 'A:ticket', 'P:person:site_id=s1', 'P:ticket:assignee_id=p']);
    const exists = db
      .selectFrom('people')
      .selectAll()
      .where('id', '=', 'p1')
      .where((where: any) =>
        where.exists(where.selectFrom('tickets').select('tickets.id').where('tickets.site_id', '=', 's2')),
      );
    expect(reads(exists)).toEqual(['A:person', 'A:ticket', 'E:person:p1', 'P:ticket:site_id=s2']);
  });

  it('must be declared for raw SQL that reads tables', () => {
    const raw = sql<boolean>`people.id in (select search_people(${'x'}))`;
    expect(() => reads(db.selectFrom('people').selectAll().where(raw))).toThrow(UndeclaredReadError);
    const declared = db
      .selectFrom('people')
      .selectAll()
      .where('id', '=', 'p')
      .where(reading(['people'] as never, raw));
    expect(reads(declared)).toEqual(['A:person', 'E:person:p', 'L:person']);
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
