import type pg from 'pg';
import type { TestTenant } from '../../support/world.ts';
import type { Dice } from '../../support/dice.ts';

type Row = Record<string, unknown>;

export const words = ['printer', 'lift', 'badge', 'water', 'heating', 'door', 'Ada', 'Grace', 'Linus', 'on fire'];
const categories = ['TICKET_CATEGORY', 'JOB_TYPE', 'ASSET_TYPE', 'LEAVE_TYPE'];

/** Few rows of everything, so that a random change concerns a random query often enough. */
export async function fillTenant(owner: pg.Pool, tenant: TestTenant, dice: Dice): Promise<void> {
  const list = (length: number, make: (index: number) => Row): Row[] =>
    Array.from({ length }, (_, index) => make(index));
  const maybe = <Value>(value: Value) => (dice.chance(0.7) ? value : null);
  const day = () => new Date(Date.UTC(2026, 10, dice.int(-20, 35))).toISOString().slice(0, 10);
  const instant = () => new Date(Date.UTC(2026, 10, dice.int(-20, 35), dice.int(0, 23), dice.int(0, 59))).toISOString();
  const put = (table: string, rows: Row[]) => insertRows(owner, table, tenant.id, rows);
  const name = () => `${dice.pick(words)} ${dice.pick(words)}`;
  const idsOf = (rows: Row[]) => rows.map(({ id }) => String(id));

  const newSites = await put(
    'sites',
    list(2, (n) => ({ id: dice.uuid(), name: name(), code: `S${n}` })),
  );
  const sites = [...Object.values(tenant.sites), ...idsOf(newSites)];
  const teams = [
    tenant.teamId,
    ...idsOf(
      await put(
        'teams',
        list(2, (n) => ({ id: dice.uuid(), name: `Team ${n}` })),
      ),
    ),
  ];
  const newPeople = list(8, (n) => ({
    id: dice.uuid(),
    name: name(),
    email: `p${n}@twin.test`,
    username: `p${n}`,
    site_id: maybe(dice.pick(sites)),
    active: dice.chance(0.8),
  }));
  const people = [
    ...Object.values(tenant.people).map(({ id }) => id as string),
    ...idsOf(await put('people', newPeople)),
  ];
  const { rows: roles } = await owner.query<{ id: string }>('SELECT id FROM roles WHERE tenant_id = $1 ORDER BY key', [
    tenant.id,
  ]);
  const pairs = (column: string, values: string[]) =>
    idsOf(newPeople).flatMap((id) =>
      dice.some(values, dice.int(0, 2)).map((value) => ({ person_id: id, [column]: value })),
    );
  await put(
    'person_roles',
    pairs(
      'role_id',
      roles.map(({ id }) => id),
    ),
  );
  await put('team_members', pairs('team_id', teams));
  await put('person_sites', pairs('site_id', sites));
  await put(
    'preferences',
    dice.some(people, 5).map((id) => ({ person_id: id, default_site_id: maybe(dice.pick(sites)) })),
  );
  const customers = idsOf(
    await put(
      'customers',
      list(5, (n) => ({ id: dice.uuid(), name: name(), email: `c${n}@twin.test` })),
    ),
  );
  const choices = await put(
    'choices',
    categories.flatMap((kind) =>
      list(3, (n) => ({ id: dice.uuid(), kind, key: `k${n}`, label: name(), position: n, active: dice.chance(0.8) })),
    ),
  );
  const choicesOf = (kind: string) => idsOf(choices.filter((choice) => choice.kind === kind));
  const assets = idsOf(
    await put(
      'assets',
      list(10, (n) => ({
        id: dice.uuid(),
        name: name(),
        tag: `A${n}`,
        type_id: maybe(dice.pick(choicesOf('ASSET_TYPE'))),
        status: dice.pick(['IN_USE', 'IN_STOCK', 'LOST']),
        site_id: maybe(dice.pick(sites)),
        holder_id: maybe(dice.pick(people)),
      })),
    ),
  );
  const tickets = idsOf(
    await put(
      'tickets',
      list(24, (n) => {
        const status = dice.pick(['NEW', 'IN_PROGRESS', 'WAITING', 'RESOLVED', 'CLOSED']);
        return {
          id: dice.uuid(),
          number: n + 1,
          title: name(),
          description: name(),
          status,
          priority: dice.pick(['LOW', 'NORMAL', 'HIGH', 'URGENT']),
          source: dice.pick(['PORTAL', 'EMAIL', 'PHONE']),
          category_id: maybe(dice.pick(choicesOf('TICKET_CATEGORY'))),
          site_id: maybe(dice.pick(sites)),
          customer_id: maybe(dice.pick(customers)),
          asset_id: maybe(dice.pick(assets)),
          reporter_id: maybe(dice.pick(people)),
          assignee_id: maybe(dice.pick(people)),
          team_id: maybe(dice.pick(teams)),
          due_at: maybe(instant()),
          resolved_at: ['RESOLVED', 'CLOSED'].includes(status) ? instant() : null,
          closed_at: status === 'CLOSED' ? instant() : null,
          created_at: instant(),
        };
      }),
    ),
  );
  await put('ticket_numbers', [{ last: 1000 }]);
  await put(
    'ticket_comments',
    list(25, () => ({
      id: dice.uuid(),
      ticket_id: dice.pick(tickets),
      author_id: maybe(dice.pick(people)),
      body: name(),
      internal: dice.chance(0.4),
    })),
  );
  await put(
    'ticket_events',
    list(25, () => ({
      id: dice.uuid(),
      ticket_id: dice.pick(tickets),
      kind: 'UPDATED',
      actor_id: maybe(dice.pick(people)),
    })),
  );
  await put(
    'notifications',
    list(15, () => ({
      id: dice.uuid(),
      person_id: dice.pick(people),
      kind: 'ASSIGNED',
      subject: name(),
      ticket_id: maybe(dice.pick(tickets)),
    })),
  );
  await put(
    'attendance',
    people.flatMap((person) =>
      dice.some([...Array(14).keys()], 5).map((n) => {
        const on = `2026-11-${String(n + 8).padStart(2, '0')}`;
        const status = dice.pick(['PRESENT', 'LATE', 'ABSENT', 'ON_LEAVE']);
        const came = status === 'PRESENT' || status === 'LATE';
        return {
          id: dice.uuid(),
          person_id: person,
          site_id: maybe(dice.pick(sites)),
          day: on,
          status,
          clock_in_at: came ? `${on}T08:00:00Z` : null,
          clock_out_at: came && dice.chance(0.8) ? `${on}T16:00:00Z` : null,
        };
      }),
    ),
  );
  await put(
    'shifts',
    list(25, () => {
      const on = day();
      return {
        id: dice.uuid(),
        site_id: dice.pick(sites),
        team_id: maybe(dice.pick(teams)),
        person_id: maybe(dice.pick(people)),
        day: on,
        starts_at: `${on}T08:00:00Z`,
        ends_at: `${on}T16:00:00Z`,
      };
    }),
  );
  await put(
    'leave_requests',
    list(10, () => {
      const on = day();
      return {
        id: dice.uuid(),
        person_id: dice.pick(people),
        type_id: maybe(dice.pick(choicesOf('LEAVE_TYPE'))),
        starts_on: on,
        ends_on: on,
      };
    }),
  );
  await put(
    'jobs',
    list(15, () => {
      const at = instant();
      return {
        id: dice.uuid(),
        title: name(),
        type_id: maybe(dice.pick(choicesOf('JOB_TYPE'))),
        site_id: maybe(dice.pick(sites)),
        asset_id: maybe(dice.pick(assets)),
        assignee_id: maybe(dice.pick(people)),
        scheduled_for: at,
        due_at: at,
      };
    }),
  );
}

async function insertRows(owner: pg.Pool, table: string, tenantId: string, rows: Row[]): Promise<Row[]> {
  if (rows.length === 0) return rows;
  const columns = ['tenant_id', ...Object.keys(rows[0] ?? {})].join(', ');
  await owner.query(
    `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::${table}, $1)`,
    [JSON.stringify(rows.map((row) => ({ tenant_id: tenantId, ...row })))],
  );
  return rows;
}
