import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { db, id, reads } from '../support/small-schema.ts';

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

  it('is what each branch of an OR depends on, where every one of them is narrow', () => {
    const either = (...conditions: any[]) =>
      db
        .selectFrom('tickets')
        .selectAll()
        .where((where: any) => where.or(conditions.map((one) => where(...one))));
    const query = either(['site_id', '=', id(1)], ['assignee_id', '=', id(2)]).where('priority', '=', 'HIGH');
    expect(reads(query)).toEqual(['A:ticket', `P:ticket:assignee_id=${id(2)}`, `P:ticket:site_id=${id(1)}`]);
    expect(reads(either(['site_id', '=', id(1)], ['priority', '=', 'HIGH']))).toEqual(['L:ticket']);
    const narrower = either(['site_id', '=', id(1)], ['assignee_id', '=', id(2)]).where('id', '=', id(3));
    expect(reads(narrower)).toEqual(['A:ticket', `E:ticket:${id(3)}`]);
  });

  it('is narrowed by a list given to any(), and by nothing computed there', () => {
    const base = db.selectFrom('tickets').selectAll();
    const isAny = (list: unknown) =>
      base.where((where: any) => where('site_id', '=', where.fn.any(Array.isArray(list) ? where.val(list) : list)));
    expect(reads(isAny([id(1), id(2)]))).toEqual([
      'A:ticket',
      `P:ticket:site_id=${id(1)}`,
      `P:ticket:site_id=${id(2)}`,
    ]);
    expect(reads(isAny([]))).toEqual(['A:ticket']);
    expect(reads(isAny(sql`array(values (1))`))).toEqual(['L:ticket']);
  });

  it('is not a row by its id where the table has none: the id is then one of the query around', () => {
    const query = db
      .selectFrom('people')
      .select((select: any) => select.selectFrom('person_roles').select('role_id').where('id', '=', id(1)).as('x'));
    expect(reads(query)).toEqual(['L:person', 'L:person_role']);
  });

  it('takes nothing from a namesake: in another branch of UNION, in WITH, in FROM, or under an alias in raw SQL', () => {
    const held = (from: any) =>
      from.selectFrom('person_roles').selectAll().whereRef('person_roles.person_id', '=', 'people.id');
    const own = db.selectFrom('people').selectAll().where('people.id', '=', id(1));
    for (const query of [
      own.union(held(db) as never),
      db.with('held', held).selectFrom('people').selectAll().where('people.id', '=', id(1)),
      own.innerJoin(held(db).as('held'), (join: any) => join.onTrue()),
    ]) {
      expect(reads(query as never)).toContain('L:person_role');
    }
    const lateral = own.innerJoinLateral(held(db).as('held'), (join: any) => join.onTrue());
    expect(reads(lateral)).toContain(`P:person_role:person_id=${id(1)}`);
    const shadowed = own.select((select: any) => [
      select
        .selectFrom([sql`unnest(${[1]})`.as(sql`people(id)`), 'person_roles'])
        .select('role_id')
        .whereRef('person_roles.person_id', '=', 'people.id')
        .as('x'),
    ]);
    expect(reads(shadowed)).toContain('L:person_role');
  });

  it('is not narrowed by the conditions of RIGHT and FULL joins', () => {
    for (const join of ['rightJoin', 'fullJoin'] as const) {
      const people: any = db.selectFrom('people');
      const query = people[join]('tickets', (on: any) =>
        on.onRef('tickets.assignee_id', '=', 'people.id').on('tickets.site_id', '=', id(1)),
      )
        .where('people.id', '=', id(2))
        .selectAll('people');
      expect(reads(query)).toEqual(['L:person', 'L:ticket']);
    }
  });
});
