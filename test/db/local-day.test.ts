import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addDays, dayOf, startOfDay } from '../../src/db/local-day.ts';
import { laterDay, localDay, startOfLocalDay } from '../support/figures-data.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => void (world = await createWorld()));
afterAll(() => world.close());

// Ordinary zones, and those whose clocks skip midnight, go back over it, or change by half an hour.
it.each([
  ['UTC', '2025-01-01'],
  ['Europe/Rome', '2025-01-01'],
  ['Pacific/Auckland', '2025-01-01'],
  ['America/Los_Angeles', '2025-01-01'],
  ['Asia/Kathmandu', '2025-01-01'],
  ['Australia/Lord_Howe', '2025-01-01'],
  ['Atlantic/Azores', '2025-01-01'],
  ['America/Havana', '2025-01-01'],
  ['Africa/Cairo', '2024-01-01'],
  ['America/Sao_Paulo', '2018-01-01'],
])('starts every day of a year at its first instant: %s', async (timeZone, first) => {
  const days = Array.from({ length: 366 }, (_, index) => laterDay(first, index));
  const { rows } = await sql<{ start: Date; after: string; before: string; next: string }>`
    select start, ${dayOf(sql`start`, timeZone)}::text as after,
           ${dayOf(sql`start - interval '1 millisecond'`, timeZone)}::text as before,
           ${addDays(sql`day`, 1)}::text as next
      from (select day, ${startOfDay(sql`day`, timeZone)} as start from unnest(${days}::date[]) as day) as starts
     order by day`.execute(world.acme.session.read);
  expect(rows).toEqual(
    days.map((day) => ({
      start: startOfLocalDay(day, timeZone),
      after: day,
      before: laterDay(day, -1),
      next: laterDay(day, 1),
    })),
  );
  expect(rows.map(({ start }) => localDay(start, timeZone))).toEqual(days);
});
