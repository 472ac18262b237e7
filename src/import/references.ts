import { sql, type Kysely } from 'kysely';
import type { Tables } from '../db/tables.ts';
import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { LogEvent } from './log-event.ts';
import { codeOf, keyOf, nameOf } from './names.ts';

type Trx = Kysely<Tables>;
/** The id of each value of the log. */
type Ids = ReadonlyMap<string, string>;

/** What the events of a batch point at. */
export interface References {
  agents: Ids;
  customers: Ids;
  categories: Ids;
  sites: Ids;
  teams: Ids;
}

/** Finds what events point at, and adds what is not there yet. */
export async function resolveReferences(
  trx: Trx,
  events: readonly LogEvent[],
  tenantSlug: string,
): Promise<References> {
  const distinct = (pick: (event: LogEvent) => string) => [...new Set(events.map(pick))];
  const references = {
    sites: await resolve(
      trx,
      sites,
      distinct(({ section }) => section),
    ),
    teams: await resolve(
      trx,
      teams,
      distinct(({ workgroup }) => workgroup),
    ),
    categories: await resolve(
      trx,
      categories,
      distinct(({ product }) => product),
    ),
    customers: await resolve(
      trx,
      customers,
      distinct(({ customer }) => customer),
    ),
    agents: await resolve(
      trx,
      agents(tenantSlug),
      distinct(({ agent }) => agent),
    ),
  };
  await placeAgents(trx, events, references);
  return references;
}

interface Kind {
  noun: string;
  /** What identifies a row in its table. */
  keyOf: (value: string) => string;
  find: (trx: Trx, keys: string[]) => Promise<{ id: string; key: string | null }[]>;
  add: (trx: Trx, values: string[]) => Promise<unknown>;
}

async function resolve(trx: Trx, kind: Kind, values: string[]): Promise<Ids> {
  const find = async (wanted: string[]) => {
    const rows = await kind.find(trx, wanted.map(kind.keyOf));
    const ids = new Map(rows.map(({ id, key }) => [key, id]));
    return new Map(wanted.map((value) => [value, ids.get(kind.keyOf(value))]));
  };
  const missing = (ids: Map<string, string | undefined>) => values.filter((value) => !ids.get(value));
  let ids = await find(values);
  if (missing(ids).length > 0) {
    await kind.add(trx, missing(ids));
    ids = await find(values);
  }
  const [taken] = missing(ids);
  if (taken !== undefined) {
    throw new AppError('CONFLICT', `The ${kind.noun} "${taken}" cannot be added: another has its name or address.`);
  }
  return ids as Map<string, string>;
}

const customers: Kind = {
  noun: 'customer',
  keyOf: (value) => value,
  find: (trx, keys) =>
    trx.selectFrom('customers').select(['id', 'external_ref as key']).where('external_ref', 'in', keys).execute(),
  add: (trx, values) =>
    trx
      .insertInto('customers')
      .values(values.map((value) => ({ id: newId(), name: nameOf('Customer', value), external_ref: value })))
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
};

const categories: Kind = {
  noun: 'product',
  keyOf: (value) => keyOf('product', value),
  find: (trx, keys) =>
    trx
      .selectFrom('choices')
      .select(['id', 'key'])
      .where('kind', '=', 'TICKET_CATEGORY')
      .where('key', 'in', keys)
      .execute(),
  add: (trx, values) =>
    trx
      .insertInto('choices')
      .values(
        values.map((value) => ({
          id: newId(),
          kind: 'TICKET_CATEGORY' as const,
          key: keyOf('product', value),
          label: nameOf('Product', value),
        })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
};

const sites: Kind = {
  noun: 'support section',
  keyOf: (value) => codeOf('section', value),
  find: (trx, keys) => trx.selectFrom('sites').select(['id', 'code as key']).where('code', 'in', keys).execute(),
  add: (trx, values) =>
    trx
      .insertInto('sites')
      .values(
        values.map((value) => ({
          id: newId(),
          name: nameOf('Support section', value),
          code: codeOf('section', value),
        })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
};

const teams: Kind = {
  noun: 'workgroup',
  keyOf: (value) => nameOf('Workgroup', value),
  find: (trx, keys) => trx.selectFrom('teams').select(['id', 'name as key']).where('name', 'in', keys).execute(),
  add: (trx, values) =>
    trx
      .insertInto('teams')
      .values(values.map((value) => ({ id: newId(), name: nameOf('Workgroup', value) })))
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
};

function agents(tenantSlug: string): Kind {
  return {
    noun: 'agent',
    keyOf: (value) => value,
    find: (trx, keys) =>
      trx.selectFrom('people').select(['id', 'external_ref as key']).where('external_ref', 'in', keys).execute(),
    async add(trx, values) {
      const role = await trx.selectFrom('roles').select('id').where('key', '=', 'agent').executeTakeFirst();
      if (!role) throw new AppError('NOT_FOUND', 'The tenant has no role "agent" for the people of the log.');
      const added = await trx
        .insertInto('people')
        .values(
          values.map((value) => ({
            id: newId(),
            name: nameOf('Agent', value),
            email: `${keyOf('agent', value)}@import.${tenantSlug}.test`,
            username: `import-${keyOf('agent', value)}`,
            title: 'Support agent',
            external_ref: value,
          })),
        )
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .execute();
      if (added.length === 0) return;
      await trx
        .insertInto('person_roles')
        .values(added.map(({ id }) => ({ person_id: id, role_id: role.id })))
        .execute();
    },
  };
}

/** An agent belongs to the teams and works at the sites whose tickets they touched: that is what they may see. */
async function placeAgents(trx: Trx, events: readonly LogEvent[], ids: References): Promise<void> {
  const rows = events.map((event) => ({
    person_id: ids.agents.get(event.agent),
    team_id: ids.teams.get(event.workgroup),
    site_id: ids.sites.get(event.section),
  }));
  const placements = JSON.stringify(rows);
  await sql`insert into team_members (team_id, person_id)
    select distinct team_id, person_id
    from json_to_recordset(${placements}) as x(person_id uuid, team_id uuid)
    on conflict do nothing`.execute(trx);
  await sql`insert into person_sites (site_id, person_id)
    select distinct site_id, person_id
    from json_to_recordset(${placements}) as x(person_id uuid, site_id uuid)
    on conflict do nothing`.execute(trx);
}
