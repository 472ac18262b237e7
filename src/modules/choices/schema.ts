import { z } from 'zod';
import { isUniqueViolation } from '../../db/failures.ts';
import { ConflictError, NotFoundError, ValidationError } from '../../errors.ts';
import { builder } from '../../graphql/builder.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { newId } from '../../ids.ts';
import './loaders.ts';
import type { ChoiceRow } from './table.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    Choice: ChoiceRow;
  }
}

const ChoiceKind = builder.enumType('ChoiceKind', {
  description: 'The drop-down lists a tenant keeps.',
  values: {
    TICKET_CATEGORY: { description: 'What a ticket is about.' },
    JOB_TYPE: { description: 'What kind of planned work a job is.' },
    ASSET_TYPE: { description: 'What kind of thing an asset is.' },
    LEAVE_TYPE: { description: 'Why somebody is away.' },
  } as const,
});

builder.node('Choice', {
  description: 'One entry of a drop-down list.',
  id: { resolve: (choice) => choice.id },
  loadOne: (id, context) => context.loaders.choice.load(id),
  fields: (t) => ({
    kind: t.expose('kind', { type: ChoiceKind, description: 'The list it belongs to.' }),
    key: t.exposeString('key', { description: 'A short name that stays the same when the label changes.' }),
    label: t.exposeString('label', { description: 'What people see.' }),
    position: t.exposeInt('position', { description: 'Its place in the list, lowest first.' }),
    active: t.exposeBoolean('active', { description: 'Whether it may be chosen for something new.' }),
  }),
});

builder.queryField('choices', (t) =>
  t.field({
    cacheControl: { maxAge: 1800 },
    cached: true,
    type: ['Choice'],
    description: 'One drop-down list, in order.',
    args: {
      kind: t.arg({ type: ChoiceKind, required: true, description: 'Which list.' }),
      includeInactive: t.arg.boolean({
        defaultValue: false,
        description: 'Whether entries that may no longer be chosen are listed too.',
      }),
    },
    resolve: (_root, { kind, includeInactive }, context) =>
      context.db.read
        .selectFrom('choices')
        .selectAll()
        .where('kind', '=', kind)
        .$if(!includeInactive, (query) => query.where('active', '=', true))
        .orderBy('position')
        .orderBy('label')
        .orderBy('id') // an order of its own for each, or two answers from the same rows could differ
        .execute(),
  }),
);

builder.relayMutationField(
  'upsertChoice',
  {
    description: 'Adds an entry to a drop-down list, or changes the one with this kind and key.',
    inputFields: (t) => ({
      id: t.id({ description: 'The entry to change; leave it out to find it by kind and key, or to add it.' }),
      kind: t.field({ type: ChoiceKind, required: true, description: 'The list it belongs to.' }),
      key: t.string({ required: true, description: 'Lower-case letters, digits and hyphens; at most 63.' }),
      label: t.string({ required: true, description: 'What people see; 1 to 200 characters.' }),
      position: t.int({ description: 'Its place in the list, lowest first.' }),
      active: t.boolean({ description: 'Whether it may be chosen for something new.' }),
    }),
  },
  {
    description: 'Adds or changes an entry of a drop-down list.',
    authScopes: { permission: 'choices:write' },
    errors: {},
    resolve: mutation({
      input: z.object({
        id: globalId('Choice').nullish(),
        kind: z.enum(['TICKET_CATEGORY', 'JOB_TYPE', 'ASSET_TYPE', 'LEAVE_TYPE']),
        key: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'Use lower-case letters, digits and hyphens, at most 63.'),
        label: z.string().trim().min(1, 'Say what people should see.').max(200, 'Use at most 200 characters.'),
        position: z.int().nullish(),
        active: z.boolean().nullish(),
      }),
      async run({ input: { id, kind, key, label, position, active }, trx, context }) {
        const optional = { ...(position != null && { position }), ...(active != null && { active }) };
        if (!id) {
          const { id: choiceId } = await trx
            .insertInto('choices')
            .values({ id: newId(), kind, key, label, ...optional })
            .onConflict((conflict) =>
              conflict
                .columns(['tenant_id' as never, 'kind', 'key'])
                .doUpdateSet({ label, ...optional, updated_at: context.now }),
            )
            .returning('id')
            .executeTakeFirstOrThrow();
          return { choiceId };
        }
        const entry = await trx
          .selectFrom('choices')
          .select('kind')
          .where('id', '=', id)
          .forUpdate()
          .executeTakeFirst();
        if (!entry) throw new NotFoundError('The choice');
        if (entry.kind !== kind) {
          const message = `This entry stays in the list ${entry.kind}. Leave "id" out to add one to another list.`;
          throw new ValidationError([{ field: 'kind', message }]);
        }
        await trx
          .updateTable('choices')
          .set({ key, label, ...optional, updated_at: context.now })
          .where('id', '=', id)
          .execute()
          .catch((error: unknown) => {
            if (!isUniqueViolation(error, 'choices_tenant_id_kind_key_key')) throw error;
            throw new ConflictError(`Another entry of this list has the key "${key}". Use another key.`);
          });
        return { choiceId: id };
      },
    }),
  },
  {
    outputFields: (t) => ({
      choice: t.field({
        type: 'Choice',
        nullable: true,
        description: 'The entry as it is now.',
        resolve: ({ choiceId }, _args, context) => context.loaders.choice.load(choiceId),
      }),
    }),
  },
);
