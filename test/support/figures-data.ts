import fc from 'fast-check';
import type { Insertable } from 'kysely';
import type { Tables } from '../../src/db/tables.ts';
import { newId } from '../../src/ids.ts';
import type { TestTenant, World } from './world.ts';

/** The rows that figures are computed from, as they were inserted. */
export interface FiguresData {
  timeZone: string;
  tickets: TicketData[];
  attendance: { site_id: string | null; day: string; status: 'PRESENT' | 'LATE' | 'ABSENT' | 'ON_LEAVE' }[];
  shifts: { site_id: string; day: string; person_id: string | null }[];
  assets: { site_id: string | null; status: 'IN_STOCK' | 'IN_USE' | 'IN_REPAIR' | 'RETIRED' | 'LOST' }[];
  jobs: {
    site_id: string | null;
    status: 'SCHEDULED' | 'COMPLETED' | 'CANCELLED';
    scheduled_for: Date;
    due_at: Date;
    completed_at: Date | null;
  }[];
  people: { site_id: string | null; active: boolean }[];
  categories: { id: string; key: string; label: string }[];
}

export interface TicketData {
  site_id: string | null;
  category_id: string | null;
  assignee_id: string | null;
  status: 'NEW' | 'IN_PROGRESS' | 'WAITING' | 'RESOLVED' | 'CLOSED';
  priority: 'LOW' | 'NORMAL' | 'HIGH' | 'URGENT';
  source: 'PORTAL' | 'EMAIL' | 'PHONE' | 'CHAT' | 'MONITORING' | 'IMPORT';
  created_at: Date;
  due_at: Date | null;
  resolved_at: Date | null;
  closed_at: Date | null;
}

export interface FiguresOptions {
  world: World;
  tenant: TestTenant;
  timeZone: string;
  now: Date;
  seed: number;
}

const dayMs = 86_400_000;
const daysBack = 420;

/** Fills a tenant with rows at random, many of them within a millisecond of a local midnight. */
export async function insertFiguresData({ world, tenant, timeZone, now, seed }: FiguresOptions): Promise<FiguresData> {
  await world.database.owner.query('UPDATE tenants SET time_zone = $1 WHERE id = $2', [timeZone, tenant.id]);
  const days = Array.from({ length: daysBack + 2 }, (_, back) => laterDay(localDay(now, timeZone), 1 - back));
  const recentDays = days.slice(0, 9);
  const categories = ['network', 'printing', 'z-other'].map((key) => ({ id: newId(), key, label: `The ${key}` }));
  const staff = Object.values(tenant.people).map(({ id }) => id);

  const day = fc.oneof(fc.constantFrom(...recentDays), fc.constantFrom(...days));
  const atBorder = fc
    .tuple(day, fc.constantFrom(-1, 0, 1))
    .map(([border, step]) => new Date(startOfLocalDay(border, timeZone).getTime() + step));
  const instant = fc.oneof(
    atBorder,
    fc.integer({ min: 0, max: daysBack * dayMs }).map((ms) => ago(now, ms)),
  );
  const past = instant.map((date) => (date > now ? now : date));
  const site = fc.constantFrom(tenant.sites.here, tenant.sites.elsewhere, null);
  const span = fc.integer({ min: 0, max: 5 * dayMs });

  const ticket: fc.Arbitrary<TicketData> = fc
    .record({
      site_id: site,
      category_id: fc.constantFrom(...categories.map(({ id }) => id), null),
      assignee_id: fc.constantFrom(...staff, null),
      status: fc.constantFrom('NEW', 'IN_PROGRESS', 'WAITING', 'RESOLVED', 'CLOSED', 'CLOSED', 'CLOSED'),
      priority: fc.constantFrom('LOW', 'NORMAL', 'HIGH', 'URGENT'),
      source: fc.constantFrom('PORTAL', 'EMAIL', 'PHONE', 'CHAT', 'MONITORING', 'IMPORT'),
      created_at: past,
      due_at: fc.option(instant),
      end: fc.tuple(past, past, fc.boolean()),
    })
    .map(({ end: [one, other, wasResolved], ...fields }) => {
      const closed = fields.status === 'CLOSED';
      const [resolvedAt, closedAt] = one <= other ? [one, other] : [other, one];
      return {
        ...fields,
        resolved_at: fields.status === 'RESOLVED' || (closed && wasResolved) ? resolvedAt : null,
        closed_at: closed ? closedAt : null,
      };
    });
  const job = fc
    .record({
      site_id: site,
      status: fc.constantFrom('SCHEDULED' as const, 'COMPLETED' as const, 'CANCELLED' as const),
      scheduled_for: instant,
      span,
    })
    .map(({ span: length, ...fields }) => ({
      ...fields,
      due_at: new Date(fields.scheduled_for.getTime() + length),
      completed_at: fields.status === 'COMPLETED' ? fields.scheduled_for : null,
    }));
  const shift = fc.record({
    site_id: fc.constantFrom(tenant.sites.here, tenant.sites.elsewhere),
    day: fc.constantFrom(...recentDays),
    person_id: fc.constantFrom(...staff, null),
  });
  const asset = fc.record({
    site_id: site,
    status: fc.constantFrom(...(['IN_STOCK', 'IN_USE', 'IN_REPAIR', 'RETIRED', 'LOST'] as const)),
  });
  const person = fc.record({ site_id: site, active: fc.boolean() });
  const record = fc.record({
    site_id: site,
    status: fc.constantFrom(...(['PRESENT', 'PRESENT', 'LATE', 'ABSENT', 'ON_LEAVE'] as const)),
  });

  const sample = <Row>(rows: fc.Arbitrary<Row>, count: number) => fc.sample(rows, { seed, numRuns: count });
  const data: FiguresData = {
    timeZone,
    categories,
    tickets: sample(ticket, 600),
    jobs: sample(job, 200),
    shifts: sample(shift, 80),
    assets: sample(asset, 60),
    people: sample(person, 40),
    attendance: [],
  };

  await tenant.session.write(async (trx) => {
    const insert = <Table extends keyof Tables>(table: Table, rows: Insertable<Tables[Table]>[]) =>
      trx.insertInto(table).values(rows).execute();
    const people = data.people.map((row, index) => {
      const username = `extra-${index}`;
      return { ...row, id: newId(), name: username, username, email: `${username}@${tenant.slug}.test` };
    });
    await insert('people', people);
    await insert(
      'choices',
      categories.map((row) => ({ ...row, kind: 'TICKET_CATEGORY' as const })),
    );
    await insert(
      'tickets',
      data.tickets.map((row, index) => ({ ...row, id: newId(), number: index + 1, title: 'T' })),
    );
    await insert(
      'jobs',
      data.jobs.map((row) => ({ ...row, id: newId(), title: 'J' })),
    );
    await insert(
      'assets',
      data.assets.map((row, index) => ({ ...row, id: newId(), name: 'A', tag: `figures-${index}` })),
    );
    await insert(
      'shifts',
      data.shifts.map((row) => ({ ...row, id: newId(), ...eightHoursOf(row.day) })),
    );
    // One row per person and day: each of the extra people on every seventh day, and on each of the recent ones.
    const present = people.flatMap(({ id }, index) =>
      days.filter((_, back) => back < recentDays.length || back % 7 === index % 7).map((on) => ({ id, on })),
    );
    const records = sample(record, present.length);
    const attendance = present.map(({ id, on }, index) => ({ ...records[index]!, person_id: id, day: on }));
    data.attendance = attendance;
    for (let from = 0; from < attendance.length; from += 1000) {
      await insert(
        'attendance',
        attendance.slice(from, from + 1000).map((row) => ({
          ...row,
          id: newId(),
          clock_in_at: row.status === 'PRESENT' || row.status === 'LATE' ? new Date(`${row.day}T08:00:00Z`) : null,
        })),
      );
    }
  });
  // The people every test tenant has, all active and at home at `here`.
  data.people.push(...staff.map(() => ({ site_id: tenant.sites.here, active: true })));
  return data;
}

/** The calendar day of an instant in a time zone, by the platform's own calendar. */
export function localDay(instant: Date, timeZone: string): string {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
    formats.set(timeZone, format);
  }
  return format.format(instant);
}
const formats = new Map<string, Intl.DateTimeFormat>();

/** The first instant of a calendar day: found by bisection, so that it knows nothing of offsets. */
export function startOfLocalDay(day: string, timeZone: string): Date {
  let before = Date.parse(`${day}T00:00:00Z`) - 2 * dayMs;
  let after = before + 4 * dayMs;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (localDay(new Date(middle), timeZone) < day) before = middle;
    else after = middle;
  }
  return new Date(after);
}

/** The calendar day so many days later. */
export function laterDay(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10);
}

function ago(now: Date, ms: number): Date {
  return new Date(now.getTime() - ms);
}

function eightHoursOf(day: string) {
  return { starts_at: new Date(`${day}T08:00:00Z`), ends_at: new Date(`${day}T16:00:00Z`) };
}
