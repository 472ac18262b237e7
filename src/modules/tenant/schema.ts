import DataLoader from 'dataloader';
import { sql } from 'kysely';
import { builder } from '../../graphql/builder.ts';
import type { Context } from '../../graphql/context.ts';
import { defineLoader, inOrderOf } from '../../graphql/loaders.ts';
import type { Viewer } from '../../graphql/viewer.ts';
import './table.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    Tenant: Viewer['tenant'];
  }
}
declare module '../../graphql/loaders.ts' {
  interface Loaders {
    /** The viewer's own; null for any other. */
    tenant: DataLoader<string, Viewer['tenant'] | null>;
    /** Of the viewer's tenant, counted once however often they are asked for. */
    tenantCounts: DataLoader<string, Counts>;
  }
}

defineLoader(
  'tenant',
  ({ db }) =>
    new DataLoader(async (ids) => {
      const rows = await db.read
        .selectFrom('tenants')
        .select(['id', 'name', 'slug', 'time_zone as timeZone', 'version'])
        .where('id', 'in', ids)
        .execute();
      return inOrderOf(ids, rows, (row) => row.id);
    }),
);

interface Counts {
  people: number;
  activePeople: number;
  sites: number;
  teams: number;
  tickets: number;
  openTickets: number;
  customers: number;
  assets: number;
}

defineLoader(
  'tenantCounts',
  (context) =>
    new DataLoader(async (ids) => {
      const counts = await countAll(context);
      return ids.map(() => counts);
    }),
);

const TenantCounts = builder.objectRef<Counts>('TenantCounts').implement({
  description: 'How much of everything the whole tenant has, whatever of it you may see.',
  fields: (t) => ({
    people: t.exposeInt('people', { description: 'Everybody, deactivated people too.' }),
    activePeople: t.exposeInt('activePeople', { description: 'People who may come in.' }),
    sites: t.exposeInt('sites', { description: 'Places people work at.' }),
    teams: t.exposeInt('teams', { description: 'Teams.' }),
    tickets: t.exposeInt('tickets', { description: 'Tickets of every status.' }),
    openTickets: t.exposeInt('openTickets', { description: 'Tickets that are not CLOSED.' }),
    customers: t.exposeInt('customers', { description: 'Customers.' }),
    assets: t.exposeInt('assets', { description: 'Assets of every status.' }),
  }),
});

builder.node('Tenant', {
  description: 'The organisation whose records these are. Nobody sees those of another.',
  id: { resolve: (tenant) => tenant.id },
  loadOne: (id, context) => context.loaders.tenant.load(id),
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What people call it.' }),
    slug: t.exposeString('slug', { description: 'Its short name in addresses and commands; it never changes.' }),
    timeZone: t.exposeString('timeZone', { description: 'IANA name: its days begin at midnight there.' }),
    version: t.exposeInt('version', { description: 'Send it back with an update, so that no change is overwritten.' }),
    counts: t.field({
      type: TenantCounts,
      description: 'How much of everything it has.',
      resolve: ({ id }, _args, context) => context.loaders.tenantCounts.load(id),
    }),
  }),
});

builder.queryField('tenant', (t) =>
  t.field({
    cacheControl: { maxAge: 3600 },
    type: 'Tenant',
    description: "The viewer's tenant: the token says which.",
    resolve: (_root, _args, { viewer }) => viewer.tenant,
  }),
);

async function countAll({ db }: Context): Promise<Counts> {
  return db.read
    .selectNoFrom((from) => {
      const count = (table: 'sites' | 'teams' | 'customers' | 'assets') =>
        from
          .selectFrom(table)
          .select(sql<number>`count(*)`.as('n'))
          .$asScalar()
          .$notNull()
          .as(table);
      const people = from.selectFrom('people').select(sql<number>`count(*)`.as('n'));
      const tickets = from.selectFrom('tickets').select(sql<number>`count(*)`.as('n'));
      return [
        people.$asScalar().$notNull().as('people'),
        people.where('active', '=', true).$asScalar().$notNull().as('activePeople'),
        tickets.$asScalar().$notNull().as('tickets'),
        tickets.where('closed_at', 'is', null).$asScalar().$notNull().as('openTickets'),
        count('sites'),
        count('teams'),
        count('customers'),
        count('assets'),
      ];
    })
    .executeTakeFirstOrThrow();
}
