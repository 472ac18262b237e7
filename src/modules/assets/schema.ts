import { sql } from 'kysely';
import { z } from 'zod';
import { anyOf } from '../../db/any-of.ts';
import { builder } from '../../graphql/builder.ts';
import { resolveConnection, type ConnectionOrder } from '../../graphql/connection.ts';
import { globalId } from '../../graphql/global-id.ts';
import { withinReach } from '../../graphql/reach.ts';
import { parseInput } from '../../graphql/validation.ts';
import './loaders.ts';
import { assetStatuses, type AssetRow } from './table.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    Asset: AssetRow;
  }
}

export const AssetStatusEnum = builder.enumType('AssetStatus', {
  description: 'Where an asset stands in its life.',
  values: {
    IN_STOCK: { description: 'Ready to be handed out.' },
    IN_USE: { description: 'With somebody or in place.' },
    IN_REPAIR: { description: 'Being repaired.' },
    RETIRED: { description: 'Out of service for good.' },
    LOST: { description: 'Nobody knows where it is.' },
  } as const,
});

builder.node('Asset', {
  description: 'A thing the tenant looks after: a computer, a vehicle, a product in service.',
  id: { resolve: (asset) => asset.id },
  loadOne: (id, context) => context.loaders.asset.load(id),
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What people call it.' }),
    tag: t.exposeString('tag', { description: 'The number on its sticker.' }),
    serialNumber: t.exposeString('serial_number', { nullable: true, description: "Its maker's number." }),
    status: t.expose('status', { type: AssetStatusEnum, description: 'Where it stands in its life.' }),
    type: t.field({
      type: 'Choice',
      nullable: true,
      description: 'What kind of thing it is.',
      resolve: ({ type_id: id }, _args, context) => (id ? context.loaders.choice.load(id) : null),
    }),
    site: t.field({
      type: 'Site',
      nullable: true,
      description: 'Where it is kept.',
      resolve: ({ site_id: id }, _args, context) => (id ? context.loaders.site.load(id) : null),
    }),
    holder: t.field({
      type: 'Person',
      nullable: true,
      description: 'Who has it.',
      resolve: ({ holder_id: id }, _args, context) => (id ? context.loaders.person.load(id) : null),
    }),
    purchasedOn: t.expose('purchased_on', { type: 'Date', nullable: true, description: 'When it was bought.' }),
    createdAt: t.expose('created_at', { type: 'DateTime', description: 'When it was recorded.' }),
    updatedAt: t.expose('updated_at', { type: 'DateTime', description: 'When it last changed.' }),
    version: t.exposeInt('version', { description: 'Send it back with an update, so that no change is overwritten.' }),
  }),
});

const AssetFilter = builder.inputType('AssetFilter', {
  description: 'Which assets; every field given must hold.',
  fields: (t) => ({
    status: t.field({ type: [AssetStatusEnum], description: 'Any of these.' }),
    siteId: t.idList({ description: 'Kept at any of these sites.' }),
    typeId: t.idList({ description: 'Of any of these types.' }),
    holderId: t.idList({ description: 'Held by any of these people.' }),
  }),
});

const assetsInput = z.object({
  search: z.string().trim().max(200, 'Use at most 200 characters.').nullish(),
  filter: z
    .object({
      status: z.array(z.enum(assetStatuses)).nullish(),
      siteId: z.array(globalId('Site')).nullish(),
      typeId: z.array(globalId('Choice')).nullish(),
      holderId: z.array(globalId('Person')).nullish(),
    })
    .nullish(),
});

const byName: ConnectionOrder<AssetRow> = {
  name: 'name',
  by: sql.ref('assets.name'),
  valueOf: (asset) => asset.name,
  direction: 'asc',
};

builder.queryField('assets', (t) =>
  t.connection(
    {
      cacheControl: { maxAge: 300 },
      type: 'Asset',
      description: 'The assets you may see, by name.',
      authScopes: { permission: 'assets:read' },
      args: {
        filter: t.arg({ type: AssetFilter, description: 'Which assets.' }),
        search: t.arg.string({ description: 'Words found in the name, the tag or the serial number, in any case.' }),
      },
      resolve: (_root, args, context, info) => {
        const { filter, search } = parseInput(assetsInput, { filter: args.filter, search: args.search });
        return resolveConnection({
          args,
          info,
          order: byName,
          id: sql.ref('assets.id'),
          rows: (query) => query.selectAll('assets'),
          filtered: context.db.read
            .selectFrom('assets')
            .where(withinReach(context.viewer, 'assets:read', { site: 'assets.site_id', owners: ['assets.holder_id'] }))
            .where((where) => where.and(wordsOf(search).map((word) => containsWord(word))))
            .$if(filter?.status != null, (query) => query.where(anyOf('assets.status', filter?.status ?? [])))
            .$if(filter?.siteId != null, (query) => query.where(anyOf('assets.site_id', filter?.siteId ?? [])))
            .$if(filter?.typeId != null, (query) => query.where(anyOf('assets.type_id', filter?.typeId ?? [])))
            .$if(filter?.holderId != null, (query) => query.where(anyOf('assets.holder_id', filter?.holderId ?? []))),
        });
      },
    },
    { name: 'AssetConnection' },
    { name: 'AssetEdge' },
  ),
);

function wordsOf(search: string | null | undefined): string[] {
  return (search ?? '').split(/\s+/).filter(Boolean);
}

/** Each word may stand in any of the three; \, % and _ stand for themselves. */
function containsWord(word: string) {
  const pattern = `%${word.replaceAll(/[\\%_]/g, '\\$&')}%`;
  return sql<boolean>`concat_ws(' ', assets.name, assets.tag, assets.serial_number) ilike ${pattern}`;
}
