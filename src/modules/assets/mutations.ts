import type { Kysely } from 'kysely';
import { z } from 'zod';
import { isUniqueViolation } from '../../db/failures.ts';
import type { Tables } from '../../db/tables.ts';
import { ConflictError, ForbiddenError, NotFoundError } from '../../errors.ts';
import { builder } from '../../graphql/builder.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { checkReferences } from '../../graphql/references.ts';
import { mayPlace, reaches, type Viewer } from '../../graphql/viewer.ts';
import { newId } from '../../ids.ts';
import { placementOf } from './loaders.ts';
import { AssetStatusEnum } from './schema.ts';
import { assetStatuses, type AssetRow } from './table.ts';

const name = z.string('Send a name.').trim().min(1, 'Say what people call it.').max(200, 'Use at most 200 characters.');
const tag = z.string('Send a tag.').trim().min(1, 'Send the number on its sticker.').max(64, 'Use at most 64.');
const status = z.enum(assetStatuses, `Send one of ${assetStatuses.join(', ')}.`);
const details = {
  serialNumber: z
    .string()
    .trim()
    .min(1, 'Send it, or null for none.')
    .max(200, 'Use at most 200 characters.')
    .nullish(),
  typeId: globalId('Choice').nullish(),
  siteId: globalId('Site').nullish(),
  holderId: globalId('Person').nullish(),
  purchasedOn: z.string().nullish(),
};
const createInput = z.object({ name, tag, status: status.nullish(), ...details });
const updateInput = z.object({
  id: globalId('Asset'),
  version: z.int(),
  name: name.optional(),
  tag: tag.optional(),
  status: status.optional(),
  ...details,
});

builder.relayMutationField(
  'createAsset',
  {
    description: 'The asset to record.',
    inputFields: (t) => ({
      name: t.string({ required: true, description: 'What people call it; 1 to 200 characters.' }),
      tag: t.string({ required: true, description: 'The number on its sticker, unique; 1 to 64 characters.' }),
      status: t.field({ type: AssetStatusEnum, description: 'Where it stands in its life; IN_USE where not sent.' }),
      serialNumber: t.string({ description: "Its maker's number; at most 200 characters." }),
      typeId: t.id({ description: 'What kind of thing it is: a choice of the list ASSET_TYPE.' }),
      siteId: t.id({ description: 'Where it is kept.' }),
      holderId: t.id({ description: 'Who has it.' }),
      purchasedOn: t.field({ type: 'Date', description: 'When it was bought.' }),
    }),
  },
  {
    description: 'Records an asset. A tag that another asset has is a ConflictError.',
    authScopes: { permission: 'assets:write' },
    errors: {},
    resolve: mutation({
      input: createInput,
      async run({ input, trx, context }) {
        const columns = columnsOf(input);
        await checkColumns(trx, columns);
        refusePlace(context.viewer, { site_id: null, holder_id: null, ...columns });
        const times = { created_at: context.now, updated_at: context.now };
        const row = { id: newId(), name: input.name, tag: input.tag, ...columns, ...times };
        await trx.insertInto('assets').values(row).execute().catch(refuseTakenTag(input.tag));
        return { assetId: row.id };
      },
    }),
  },
  {
    outputFields: (t) => ({
      asset: t.field({
        type: 'Asset',
        nullable: true,
        description: 'The asset as it was recorded.',
        resolve: ({ assetId }, _args, context) => context.loaders.asset.load(assetId),
      }),
    }),
  },
);

builder.relayMutationField(
  'updateAsset',
  {
    description: 'The asset and what changes; what is left out stays as it is, and null empties a field that may be.',
    inputFields: (t) => ({
      id: t.id({ required: true, description: 'The asset.' }),
      version: t.int({ required: true, description: 'The version you have seen.' }),
      name: t.string({ description: 'What people call it; 1 to 200 characters.' }),
      tag: t.string({ description: 'The number on its sticker, unique; 1 to 64 characters.' }),
      status: t.field({ type: AssetStatusEnum, description: 'Where it stands in its life.' }),
      serialNumber: t.string({ description: "Its maker's number; at most 200 characters." }),
      typeId: t.id({ description: 'What kind of thing it is: a choice of the list ASSET_TYPE.' }),
      siteId: t.id({ description: 'Where it is kept.' }),
      holderId: t.id({ description: 'Who has it.' }),
      purchasedOn: t.field({ type: 'Date', description: 'When it was bought.' }),
    }),
  },
  {
    description: 'Changes an asset: hands it over, moves it, repairs it, retires it.',
    authScopes: { permission: 'assets:write' },
    errors: {},
    resolve: mutation({
      input: updateInput,
      async run({ input, trx, context }) {
        const { id, version } = input;
        const { viewer, now } = context;
        const asset = await trx.selectFrom('assets').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
        if (!asset || !reaches(viewer, 'assets:read', placementOf(asset))) throw new NotFoundError('The asset');
        refuseOutOfReach(viewer, asset);
        if (asset.version !== version) {
          throw new ConflictError('Somebody changed this asset since you read it. Read it again.', asset.version);
        }
        const columns = columnsOf(input);
        await checkColumns(trx, columns, asset);
        const changed = { ...asset, ...columns };
        if (changed.site_id === asset.site_id) refuseOutOfReach(viewer, changed);
        else refusePlace(viewer, changed);
        await trx
          .updateTable('assets')
          .set({ ...columns, version: version + 1, updated_at: now })
          .where('id', '=', id)
          .execute()
          .catch(refuseTakenTag(input.tag ?? asset.tag));
        return { assetId: id };
      },
    }),
  },
  {
    outputFields: (t) => ({
      asset: t.field({
        type: 'Asset',
        nullable: true,
        description: 'The asset as it is now; null where you may no longer see it.',
        resolve: ({ assetId }, _args, context) => context.loaders.asset.load(assetId),
      }),
    }),
  },
);

type Columns = Partial<
  Pick<AssetRow, 'name' | 'tag' | 'status' | 'serial_number' | 'type_id' | 'site_id' | 'holder_id' | 'purchased_on'>
>;

/** Only the columns that were sent: absent is not null. */
function columnsOf(input: Partial<z.output<typeof createInput>>): Columns {
  const columns = {
    name: input.name,
    tag: input.tag,
    status: input.status ?? undefined,
    serial_number: input.serialNumber,
    type_id: input.typeId,
    site_id: input.siteId,
    holder_id: input.holderId,
    purchased_on: input.purchasedOn,
  };
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
}

/** What changes must be in use; what stays may have been put out of use since. */
async function checkColumns(trx: Kysely<Tables>, columns: Columns, before?: AssetRow): Promise<void> {
  const changed = (column: 'type_id' | 'site_id' | 'holder_id') =>
    columns[column] === before?.[column] ? null : columns[column];
  await checkReferences(trx, [
    {
      field: 'typeId',
      table: 'choices',
      id: changed('type_id'),
      having: { kind: 'ASSET_TYPE', active: true },
      message: 'Send an active choice of the list ASSET_TYPE.',
    },
    { field: 'siteId', table: 'sites', id: changed('site_id'), message: 'Send the id of a site of yours.' },
    {
      field: 'holderId',
      table: 'people',
      id: changed('holder_id'),
      having: { active: true },
      message: 'Send the id of an active person.',
    },
  ]);
}

function refuseOutOfReach(viewer: Viewer, asset: Pick<AssetRow, 'site_id' | 'holder_id'>): void {
  if (!reaches(viewer, 'assets:write', placementOf(asset))) throw outOfReach();
}

function refusePlace(viewer: Viewer, asset: Pick<AssetRow, 'site_id' | 'holder_id'>): void {
  if (!mayPlace(viewer, 'assets:write', placementOf(asset))) throw outOfReach();
}

const outOfReach = () => new ForbiddenError('You may keep assets at your own sites only: send a siteId of yours.');

function refuseTakenTag(taken: string) {
  return (error: unknown): never => {
    if (!isUniqueViolation(error, 'assets_tenant_id_tag_key')) throw error;
    throw new ConflictError(`Another asset has the tag "${taken}". Use another tag.`);
  };
}
