import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { reading, UndeclaredReadError } from '../../src/db/reads/declared-reads.ts';
import { db, id, reads } from '../support/small-schema.ts';

describe('what a query depends on', () => {
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

  it('is the whole type for values that Postgres may write otherwise than they were sent', () => {
    const by = (column: string, value: unknown, table = 'tickets') =>
      reads(
        db
          .selectFrom(table as 'tickets')
          .selectAll()
          .where(column, '=', value),
      );
    expect(by('site_id', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11')).toContain(
      'P:ticket:site_id=a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    );
    for (const uuid of [
      '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}',
      'a0eebc999c0b4ef8bb6d6bb9bd380a11',
      'a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11',
      null,
    ]) {
      expect(by('site_id', uuid)).toEqual(['L:ticket']);
    }
    // Of a text column nothing is another way to write it.
    expect(by('status', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11')).toContain(
      'P:ticket:status=A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
    );
    expect(by('status', 7)).toEqual(['L:ticket']);
    // The driver writes a Date in the zone of the process, and a day keeps what it finds there.
    expect(by('day', new Date('2026-11-30T23:30:00Z'), 'shifts')).toEqual(['L:shift']);
    expect(by('day', '2026-11-30', 'shifts')).toEqual(['A:shift', 'P:shift:day:month=2026-11']);
    for (const day of ['2026-11-30 23:30', '30.11.2026', 'today', 'infinity'])
      expect(by('day', day, 'shifts')).toEqual(['L:shift']);
    for (const instant of ['2026-11-30', new Date('-000001-01-01T00:00:00Z'), new Date(Number.NaN)]) {
      expect(by('created_at', instant)).toEqual(['L:ticket']);
    }
  });

  it('cannot be told of functions that may read, however they are called, nor of what differs each time', () => {
    const where = (condition: any) => db.selectFrom('people').selectAll().where(condition);
    for (const query of [
      where(sql<boolean>`people.id in (table ids)`),
      where(sql<boolean>`people.id = any(search_people(${'x'}))`),
      where(sql<boolean>`people.id = any("search_people"(${'x'}))`),
      where((build: any) => build('people.id', '=', build.fn('search_people', [sql.val('x')]))),
      where(sql<boolean>`people.created_at < now()`),
      where((build: any) => build('people.created_at', '<', build.fn('now'))),
      where(sql<boolean>`people.hired_on = current_date`),
      where(sql<boolean>`people.hired_on = 'today'`),
      where(sql<boolean>`age(people.hired_on) > '1 year'`),
      where(sql<boolean>`people.id = current_setting('app.person')::uuid`),
    ]) {
      expect(() => reads(query)).toThrow(UndeclaredReadError);
    }
  });

  it('must be declared for raw SQL that may name a table in FROM', () => {
    const from = (raw: any) => db.selectFrom(raw.as('t')).selectAll();
    for (const raw of [
      sql`tickets`,
      sql`only tickets`,
      sql`"tickets"`,
      sql`elsewhere.tickets`,
      sql`${sql.ref('tickets')}`,
      sql`${sql.id('tickets')}`,
      sql`${sql.raw('tickets')}`,
      sql`unnest(${[1]}::int[]) as numbers, tickets`,
    ]) {
      expect(() => reads(from(raw))).toThrow(UndeclaredReadError);
      const joined: any = db.selectFrom('people').innerJoin(raw.as('t') as never, (join: any) => join.onTrue());
      expect(() => reads(joined.selectAll())).toThrow(UndeclaredReadError);
    }
    expect(reads(from(sql`${reading(['tickets'] as never, sql`tickets`)}`))).toEqual(['L:ticket']);
    expect(reads(from(sql`${sql.table('tickets')}`))).toEqual(['L:ticket']);
    const inner = db.selectFrom('tickets').select('id').where('site_id', '=', id(1));
    expect(reads(from(sql`(${inner})`))).toEqual(['A:ticket', `P:ticket:site_id=${id(1)}`]);
    for (const raw of [sql`unnest(${[1]}::int[])`, sql`generate_series(1, 2)`, sql`(values (1), (2))`]) {
      expect(reads(from(raw))).toEqual([]);
    }
  });

  it('is what is built inside of declared raw SQL too', () => {
    const inner = db.selectFrom('tickets').select('id').where('site_id', '=', id(1));
    const query = db
      .selectFrom('people')
      .selectAll()
      .where(reading([], sql<boolean>`exists (select from (${inner}) as t)`));
    expect(reads(query)).toEqual(['A:ticket', 'L:person', `P:ticket:site_id=${id(1)}`]);
    const hidden = reading([], sql<boolean>`exists (select from (${sql`select from tickets`}) as t)`);
    expect(() => reads(db.selectFrom('people').selectAll().where(hidden))).toThrow(UndeclaredReadError);
  });

  it.each<[string, any, RegExp]>([
    ['a table that nobody tracks', db.selectFrom('nowhere').selectAll(), /track_changes\('nowhere', '<type>'\)/],
    ['raw SQL that reads', sql<boolean>`people.id in (select 1)`, /reading\(\[tables\], sql/],
    ['a function that may read', sql<boolean>`search_people(${'x'})`, /reading\(\[tables\], sql/],
    ['the time', sql<boolean>`people.created_at < now()`, /context\.clock/],
    ['the time as a function', (build: any) => build('people.created_at', '<', build.fn('now')), /context\.clock/],
    ['the time, declared', reading([], sql<boolean>`people.created_at < now()`), /context\.clock/],
    ['chance, declared', reading(['people'] as never, sql<boolean>`random() < 0.5`), /context\.clock/],
  ])('cannot be told, and the error says what to do instead: %s', (_what, given, remedy) => {
    const query = typeof given.compile === 'function' && 'selectAll' in given ? given : null;
    const read = () => reads(query ?? db.selectFrom('people').selectAll().where(given));
    expect(read).toThrow(UndeclaredReadError);
    expect(read).toThrow(remedy);
    // What declares tables cannot make up for the time: nobody is told the wrong way out.
    if (String(remedy).includes('clock')) expect(read).not.toThrow(/reading\(\[/);
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
