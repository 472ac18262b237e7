import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SeedPlan } from '../../src/seed/plan.ts';
import { seedTenant } from '../../src/seed/seed-tenant.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const plan: SeedPlan = {
  slug: 'acme',
  name: 'Acme',
  timeZone: 'Europe/Rome',
  people: 40,
  tickets: 400,
  days: 45,
  seed: 1,
  until: new Date('2026-11-20T09:00:00.000Z'),
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await seedTenant({ operator: database.owner, plan });
});
afterAll(() => database.drop());

/** The first row of a question about the tenant, which it calls `tenant`. */
async function ask(sql: string, slug = 'acme'): Promise<any> {
  const { rows } = await database.owner.query(`WITH tenant AS (SELECT id FROM tenants WHERE slug = $1) ${sql}`, [slug]);
  return rows[0];
}
const of = '(SELECT id FROM tenant)';

describe('a demo tenant', () => {
  it('has the people, tickets and days it was asked for, and tickets without a gap in their numbers', async () => {
    expect(await ask(`SELECT count(*) AS people FROM people WHERE tenant_id = ${of}`)).toEqual({ people: 40 });
    expect(
      await ask(`
        SELECT count(*) AS tickets, max(number) AS highest, min(created_at) > '2026-10-05' AS young,
               (SELECT last FROM ticket_numbers WHERE tenant_id = ${of}) AS last
          FROM tickets WHERE tenant_id = ${of}`),
    ).toEqual({ tickets: 400, highest: 400, young: true, last: 400 });
  });

  it('comes to work as people do: weekdays, some late, few absent, away exactly when leave was approved', async () => {
    const { late, absent, weekend } = await ask(`
      SELECT avg((status = 'LATE')::int)::float8 AS late, avg((status = 'ABSENT')::int)::float8 AS absent,
             avg((extract(isodow FROM day) > 5)::int)::float8 AS weekend
        FROM attendance WHERE tenant_id = ${of} AND status <> 'ON_LEAVE'`);
    expect(late).toBeGreaterThan(0.05);
    expect(late).toBeLessThan(0.11);
    expect(absent).toBeGreaterThan(0.01);
    expect(absent).toBeLessThan(0.06);
    expect(weekend).toBeLessThan(0.1);
    const { wrong, away } = await ask(`
      SELECT count(*) FILTER (WHERE (a.status = 'ON_LEAVE') <> (l.id IS NOT NULL)) AS wrong, count(l.id) AS away
        FROM attendance a LEFT JOIN leave_requests l ON l.tenant_id = a.tenant_id AND l.person_id = a.person_id
             AND l.status = 'APPROVED' AND a.day BETWEEN l.starts_on AND l.ends_on
       WHERE a.tenant_id = ${of}`);
    expect(away).toBeGreaterThan(20);
    expect(wrong).toBe(0);
  });

  it('calls LATE who came more than five minutes after their shift began, and nobody else', async () => {
    const { shifts, wrong } = await ask(`
      SELECT count(*) AS shifts,
             count(*) FILTER (WHERE (a.status = 'LATE') <> (a.clock_in_at > s.starts_at + interval '5 minutes')) AS wrong
        FROM attendance a JOIN shifts s ON s.tenant_id = a.tenant_id AND s.person_id = a.person_id AND s.day = a.day
       WHERE a.tenant_id = ${of} AND a.clock_in_at IS NOT NULL`);
    expect(shifts).toBeGreaterThan(100);
    expect(wrong).toBe(0);
  });

  it('tells each ticket from its creation to the status it has, in a history that adds up', async () => {
    const { tickets, wrong } = await ask(`
      SELECT count(*) AS tickets, count(*) FILTER (WHERE NOT coalesce(
               kinds[1] = 'CREATED' AND first = t.created_at AND last <= '2026-11-20T09:00Z'
               AND coalesce(becomes, 'NEW') = t.status
               AND (t.status <> 'CLOSED' OR t.closed_at = last_step)
               AND (t.status <> 'RESOLVED' OR t.resolved_at = last_step)
               AND (t.assignee_id IS NOT NULL) = ('ASSIGNED' = ANY (kinds))
               AND t.comment_count = cardinality(array_positions(kinds, 'COMMENTED')), false)) AS wrong
        FROM tickets t CROSS JOIN LATERAL (
          SELECT array_agg(kind ORDER BY occurred_at, id) AS kinds, min(occurred_at) AS first, max(occurred_at) AS last,
                 max(occurred_at) FILTER (WHERE detail ? 'status') AS last_step,
                 (array_agg(detail #>> '{status,to}' ORDER BY occurred_at DESC) FILTER (WHERE detail ? 'status'))[1] AS becomes
            FROM ticket_events e WHERE e.tenant_id = t.tenant_id AND e.ticket_id = t.id) history
       WHERE t.tenant_id = ${of}`);
    expect(tickets).toBe(400);
    expect(wrong).toBe(0);
  });

  it('has a desk that mostly keeps up: open and overdue tickets, most of them solved in time', async () => {
    const desk = await ask(`
      SELECT count(*) FILTER (WHERE closed_at IS NULL)::float8 / count(*) AS open,
             avg((resolved_at <= due_at)::int)::float8 AS in_time,
             avg((extract(isodow FROM created_at) > 5)::int)::float8 AS weekend,
             avg((extract(hour FROM created_at AT TIME ZONE 'Europe/Rome') BETWEEN 8 AND 17)::int)::float8 AS office_hours,
             count(DISTINCT status) AS statuses, count(DISTINCT priority) AS priorities
        FROM tickets WHERE tenant_id = ${of}`);
    expect(desk.open).toBeGreaterThan(0.02);
    expect(desk.open).toBeLessThan(0.3);
    expect(desk.in_time).toBeGreaterThan(0.65);
    expect(desk.in_time).toBeLessThan(0.97);
    expect(desk.weekend).toBeLessThan(0.08);
    expect(desk.office_hours).toBeGreaterThan(0.75);
    expect(desk).toMatchObject({ statuses: 5, priorities: 4 });
  });

  it('has numbers for today, vacancies, a rota of two weeks ahead, and jobs done, missed and to do', async () => {
    const today = await ask(`
      SELECT (SELECT count(*) > 10 FROM attendance WHERE tenant_id = ${of} AND day = '2026-11-20') AS attendance,
             (SELECT count(*) >= 4 FROM tickets WHERE tenant_id = ${of} AND created_at >= '2026-11-19T23:00Z') AS tickets,
             (SELECT bool_or(person_id IS NULL) AND max(day) = '2026-12-04' FROM shifts WHERE tenant_id = ${of}) AS rota,
             (SELECT count(*) FILTER (WHERE status = 'COMPLETED') > 0
                     AND count(*) FILTER (WHERE status = 'SCHEDULED' AND due_at < '2026-11-20T09:00Z') > 0
                     AND count(*) FILTER (WHERE status = 'SCHEDULED' AND scheduled_for > '2026-11-20T09:00Z') > 0
                FROM jobs WHERE tenant_id = ${of}) AS jobs`);
    expect(today).toEqual({ attendance: true, tickets: true, rota: true, jobs: true });
  });

  it('has demo people for each role; the agent works at two sites', async () => {
    const { roles, agent_sites: sites } = await ask(`
      SELECT array_agg(p.email || ' ' || r.key ORDER BY p.email) AS roles,
             (SELECT count(*) + 1 FROM person_sites s JOIN people x ON x.tenant_id = s.tenant_id AND x.id = s.person_id
               WHERE x.tenant_id = ${of} AND x.username = 'agent') AS agent_sites
        FROM people p JOIN person_roles h ON h.tenant_id = p.tenant_id AND h.person_id = p.id
             JOIN roles r ON r.tenant_id = p.tenant_id AND r.id = h.role_id
       WHERE p.tenant_id = ${of} AND p.username IN ('admin', 'manager', 'agent', 'member')`);
    expect(roles).toEqual(['admin', 'agent', 'manager', 'member'].map((role) => `${role}@acme.test ${role}`));
    expect(sites).toBe(2);
  });

  it('knows nothing of the future but what is planned', async () => {
    const { later } = await ask(`
      SELECT (SELECT count(*) FROM tickets WHERE tenant_id = ${of}
                AND greatest(created_at, updated_at, resolved_at, closed_at) > '2026-11-20T09:00Z')
           + (SELECT count(*) FROM ticket_comments WHERE tenant_id = ${of} AND created_at > '2026-11-20T09:00Z')
           + (SELECT count(*) FROM attendance WHERE tenant_id = ${of}
                AND greatest(clock_in_at, clock_out_at, created_at, updated_at) > '2026-11-20T09:00Z')
           + (SELECT count(*) FROM notifications WHERE tenant_id = ${of} AND greatest(read_at, created_at) > '2026-11-20T09:00Z')
           + (SELECT count(*) FROM jobs WHERE tenant_id = ${of} AND greatest(created_at, completed_at) > '2026-11-20T09:00Z')
           + (SELECT count(*) FROM leave_requests WHERE tenant_id = ${of} AND greatest(created_at, decided_at) > '2026-11-20T09:00Z')
           AS later`);
    expect(later).toBe(0);
  });
});

describe('a seed', () => {
  const small = { ...plan, people: 15, tickets: 30, days: 10 };

  /** Everything of a tenant but whose it is, as one digest per table. */
  async function content(): Promise<Record<string, string>> {
    const tables = ['sites', 'people', 'tickets', 'ticket_events', 'ticket_comments', 'attendance', 'shifts', 'jobs'];
    tables.push('leave_requests', 'assets', 'customers', 'choices', 'notifications', 'preferences', 'team_members');
    const digests = tables.map(async (table) => {
      const { digest } = await ask(
        `SELECT md5(string_agg(line, E'\\n' ORDER BY line)) AS digest
           FROM (SELECT (to_jsonb(x) - 'tenant_id')::text AS line FROM ${table} x WHERE tenant_id = ${of}) lines`,
        small.slug,
      );
      return [table, digest];
    });
    return Object.fromEntries(await Promise.all(digests));
  }

  it('makes the same tenant again, ids included, and another one for another number', async () => {
    const other = await createTestDatabase();
    const mine = database;
    try {
      database = other;
      await seedTenant({ operator: other.owner, plan: small });
      const first = await content();
      await other.owner.query('TRUNCATE tenants CASCADE');
      await seedTenant({ operator: other.owner, plan: small });
      expect(await content()).toEqual(first);
      await other.owner.query('TRUNCATE tenants CASCADE');
      await seedTenant({ operator: other.owner, plan: { ...small, seed: 2 } });
      const another = await content();
      for (const table of Object.keys(first)) if (table !== 'sites') expect(another[table]).not.toBe(first[table]);
    } finally {
      database = mine;
      await other.drop();
    }
  });

  it('leaves a tenant alone that exists', async () => {
    expect(await seedTenant({ operator: database.owner, plan })).toBeNull();
    expect(await ask(`SELECT count(*) AS tickets FROM tickets WHERE tenant_id = ${of}`)).toEqual({ tickets: 400 });
  });

  it('that fails half-way leaves nothing behind, and can be tried again', async () => {
    await database.owner.query(`ALTER TABLE ticket_numbers ADD CONSTRAINT no_more CHECK (last <> 31)`);
    const doomed = { ...small, slug: 'doomed', tickets: 31 };
    await expect(seedTenant({ operator: database.owner, plan: doomed })).rejects.toThrow(/no_more/);
    expect(await ask('SELECT count(*) AS tenants FROM tenant', 'doomed')).toEqual({ tenants: 0 });
    await database.owner.query(`ALTER TABLE ticket_numbers DROP CONSTRAINT no_more`);
    expect(await seedTenant({ operator: database.owner, plan: doomed })).toMatchObject({ slug: 'doomed' });
  });

  it.each([
    ['on the night of a clock change', '2026-10-25T01:30:00Z', 'Europe/Rome'],
    ['just after midnight on a Sunday', '2026-11-21T23:02:00Z', 'Europe/Rome'],
    ['half a day ahead', '2026-03-29T12:00:00Z', 'Pacific/Auckland'],
    ['at a zone of quarter hours', '2026-07-01T06:00:00Z', 'Asia/Kathmandu'],
  ])('keeps every check of the database %s', async (what, until, timeZone) => {
    const slug = what.toLowerCase().replaceAll(/\W+/g, '-');
    const odd = { ...small, slug, timeZone, until: new Date(until) };
    expect((await seedTenant({ operator: database.owner, plan: odd }))?.counts).toMatchObject({
      people: 15,
      tickets: 30,
    });
    const { wrong } = await ask(
      `SELECT count(*) AS wrong FROM shifts
        WHERE tenant_id = ${of} AND (starts_at AT TIME ZONE '${timeZone}')::date <> day`,
      slug,
    );
    expect(wrong).toBe(0);
  });
});
