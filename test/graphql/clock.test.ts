import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClock, type Holds } from '../../src/graphql/clock.ts';
import { localDayOf } from '../../src/graphql/local-day.ts';
import { createWorld, type World } from '../support/world.ts';

const always: Holds = { fromMs: 0, untilMs: Number.POSITIVE_INFINITY };
const at = new Date('2026-11-20T09:00:30.250Z');
const after = (ms: number) => new Date(at.getTime() + ms);

/** What a resolver made with a clock of that instant, and how long that holds. */
function made<Value>(instant: Date, make: (clock: ReturnType<typeof createClock>) => Value) {
  const told: Holds[] = [];
  const value = make(createClock(instant, (holds) => told.push(holds)));
  return { value, holds: told };
}

describe('what is made from the time', () => {
  it('holds for ever where nobody looks at it', () => {
    expect(made(at, (clock) => clock.at)).toEqual({ value: at, holds: [] });
  });

  it('holds for its minute where it is made from now', () => {
    const minute = { fromMs: Date.parse('2026-11-20T09:00:00Z'), untilMs: Date.parse('2026-11-20T09:01:00Z') };
    expect(made(at, ({ now }) => now)).toEqual({ value: at, holds: [minute] });
  });

  it.each([
    ['long past', after(-1000), true, { ...always, fromMs: after(-999).getTime() }],
    ['just past', after(-1), true, { ...always, fromMs: at.getTime() }],
    ['now', at, false, { ...always, untilMs: after(1).getTime() }],
    ['to come', after(5000), false, { ...always, untilMs: after(5001).getTime() }],
  ])('holds until an instant has passed: %s', (_, instant, isPast, holds) => {
    expect(made(at, (clock) => clock.isPast(instant))).toEqual({ value: isPast, holds: [holds] });
    // The span is exact: it is the other way round right before it, and right after.
    if (isPast) expect(createClock(new Date(holds.fromMs - 1)).isPast(instant)).toBe(false);
    else expect(createClock(new Date(holds.untilMs)).isPast(instant)).toBe(true);
  });

  it('holds until the next of many instants, and from the last', () => {
    const told = (last: number | null, next: number | null) =>
      made(at, (clock) => clock.holdsAmong({ last, next })).holds;
    const between = [{ fromMs: after(-4).getTime(), untilMs: after(8).getTime() }];
    expect(told(after(-5).getTime(), after(7).getTime())).toEqual(between);
    expect(told(after(-5).getTime() + 0.999, after(7).getTime() + 0.001)).toEqual(between);
    expect(told(null, null)).toEqual([always]);
  });

  it.each([
    ['Asia/Kathmandu', '2026-11-20T18:14:59.999Z', '2026-11-20', '2026-11-19T18:15:00Z', '2026-11-20T18:15:00Z'],
    ['Asia/Kathmandu', '2026-11-20T18:15:00.000Z', '2026-11-21', '2026-11-20T18:15:00Z', '2026-11-21T18:15:00Z'],
    ['Pacific/Chatham', '2026-11-20T10:14:59.999Z', '2026-11-20', '2026-11-19T10:15:00Z', '2026-11-20T10:15:00Z'],
    ['Pacific/Chatham', '2026-04-04T11:00:00.000Z', '2026-04-05', '2026-04-04T10:15:00Z', '2026-04-05T11:15:00Z'],
    ['Europe/Rome', '2026-03-29T12:00:00.000Z', '2026-03-29', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
    ['Europe/Rome', '2026-10-25T12:00:00.000Z', '2026-10-25', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'],
    // Clocks that skip midnight, and that go back to before it.
    ['Africa/Cairo', '2024-04-26T10:00:00.000Z', '2024-04-26', '2024-04-25T22:00:00Z', '2024-04-26T21:00:00Z'],
    ['America/Sao_Paulo', '2018-02-17T12:00:00.000Z', '2018-02-17', '2018-02-17T02:00:00Z', '2018-02-18T03:00:00Z'],
  ])('holds for the day in a time zone: %s, %s', (timeZone, instant, day, from, until) => {
    const { value, holds } = made(new Date(instant), (clock) => clock.today(timeZone));
    expect([value, ...holds]).toEqual([day, { fromMs: Date.parse(from), untilMs: Date.parse(until) }]);
  });

  it('fails for a time zone that is none', () => {
    expect(() => createClock(at).today('Europe/Atlantis')).toThrow(/Europe\/Atlantis/);
  });
});

describe('the days of a time zone', () => {
  const seed = Number(process.env['CLOCK_SEED'] ?? Date.now() % 1_000_000);
  let world: World;
  beforeAll(async () => void (world = await createWorld()));
  afterAll(() => world.close());

  it(`are those of Postgres, from the first millisecond to the last (CLOCK_SEED=${seed})`, async () => {
    const { rows: known } = await sql<{ name: string }>`select name from pg_timezone_names`.execute(
      world.acme.session.read,
    );
    const names = new Set(known.map(({ name }) => name));
    const zones = Intl.supportedValuesOf('timeZone').filter((zone) => names.has(zone));
    expect(zones.length).toBeGreaterThan(300);
    // Node and Postgres each have the rules of their release: what a country has decided lately, one may not know yet.
    const range = { min: Date.parse('2015-01-01'), max: Date.parse('2024-12-31') };
    const sample = fc.record({ zone: fc.constantFrom(...zones), atMs: fc.noBias(fc.integer(range)) });
    const samples = fc
      .sample(sample, { seed, numRuns: 5_000 })
      .map(({ zone, atMs }) => ({ zone, atMs, ...localDayOf(new Date(atMs), zone) }));
    const dayAt = (ms: string) => sql.raw(`(to_timestamp((${ms}) / 1000.0) at time zone zone)::date::text`);
    const { rows } = await sql<Record<string, string>>`
      select zone, "atMs", ${dayAt('"atMs"')} as at, ${dayAt('"fromMs"')} as first, ${dayAt('"untilMs" - 1')} as last,
             ${dayAt('"fromMs" - 1')} as before, ${dayAt('"untilMs"')} as next
        from jsonb_to_recordset(${JSON.stringify(samples)}::jsonb)
             as sample (zone text, "atMs" float8, "fromMs" float8, "untilMs" float8)
       order by zone, "atMs"`.execute(world.acme.session.read);
    expect(rows).toHaveLength(samples.length);
    const expected = new Map(samples.map((one) => [`${one.zone} ${one.atMs}`, one.day]));
    for (const row of rows) {
      const day = expected.get(`${row['zone']} ${row['atMs']}`);
      expect(row, `${row['zone']} at ${row['atMs']}`).toMatchObject({ at: day, first: day, last: day });
      expect([row['before'], row['next']], `${row['zone']} at ${row['atMs']}`).not.toContain(day);
    }
  });
});
