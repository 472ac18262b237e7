import { z } from 'zod';
import { purge } from '../../db/cache-purge.ts';
import { builder } from '../../graphql/builder.ts';
import { mutation } from '../../graphql/mutation.ts';
import { purgeFields, toPurgeOrder } from '../../graphql/purge-input.ts';
import { selects } from '../../graphql/selection.ts';
import type { PurgeAudit } from './audits.ts';
import { managerOf, onlyForManagers } from './manager.ts';

const Purged = builder.objectRef<PurgeAudit>('Purged').implement({
  description: 'What was purged, or would have been.',
  fields: (t) => ({
    tags: t.exposeStringList('tags', {
      description:
        'Whatever depends on one of these: `E:ticket:<id>` a row, `P:ticket:site_id=<id>` rows alike, `L:ticket` and ' +
        '`A:ticket` a type, `T:weather` a name, `*` everything.',
    }),
    soft: t.exposeBoolean('soft', {
      description: 'Whether it counts as expired only, and is kept for operations that may be served something stale.',
    }),
    dryRun: t.exposeBoolean('dryRun', { description: 'Whether nothing was done.' }),
    entriesHere: t.int({
      nullable: true,
      description:
        'How many answers and values of it the node that did it had in its memory and could still have served. Other ' +
        'nodes and Redis are not asked: they follow by the change log, at their next read. Selecting it costs a look ' +
        'at every entry of the tenant on this node; null in the answer to a retry whose first request did not.',
      resolve: ({ outcome }) => outcome.entriesHere ?? null,
    }),
    bytesHere: t.float({
      nullable: true,
      description: 'The memory they take on this node, in bytes. As `entriesHere`.',
      resolve: ({ outcome }) => outcome.bytesHere ?? null,
    }),
  }),
});

builder.relayMutationField(
  'purgeCache',
  {
    description: 'What to purge: exactly one of `type`, `tag`, `operationName` and `tenantWide`.',
    inputFields: (t) => ({
      type: t.string({ description: 'All that depends on objects of this type: `Ticket`, `Person`, `LeaveRequest`.' }),
      ids: t.idList({
        description:
          'Only what a change of these objects of the type would make anew: what shows them, and lists that they may ' +
          'be in. 1 to 500 ids.',
      }),
      tag: t.string({ description: 'All that depends on a source outside the database, by its name: `weather`.' }),
      operationName: t.string({
        description:
          'All answers to operations of this name. Values of single fields that they share with others stay.',
      }),
      tenantWide: t.boolean({ description: 'Everything of the tenant.' }),
      soft: t.boolean({
        description:
          'Let it count as expired: where `staleWhileRevalidate` or `staleIfError` allow it, it is still served, ' +
          'marked STALE; everywhere else it is made anew.',
      }),
      dryRun: t.boolean({ description: 'Purge nothing, and tell what would have been.' }),
    }),
  },
  {
    description:
      'Purges what was cached, on every node and in Redis: a read that begins after the answer is served nothing of ' +
      'it. It takes as long whatever is cached. Freshness never needs it; it is for what nobody told the database.',
    authScopes: onlyForManagers('purge'),
    errors: {},
    resolve: (root, args, context, info) => {
      const isCounted = selects(info, 'purged', 'entriesHere') || selects(info, 'purged', 'bytesHere');
      const resolve = mutation({
        input: z.object(purgeFields).transform(toPurgeOrder),
        async run({ input: order, trx }) {
          const { tenantId, personId } = context.viewer;
          const { requestId, now } = context;
          const manager = managerOf(context);
          const { id, tags } = await purge(trx, order, {
            by: { via: 'person', personId, requestId },
            now,
            ...(isCounted && { count: (wanted, soft) => manager.count(tenantId, wanted, soft) }),
          });
          const { target, soft, dryRun } = order;
          const facts = { by: target.kind, tags: tags.length, soft, dryRun };
          manager.tell({ action: 'purge', tenantId, via: 'person', requestId, facts });
          return { purgeId: id };
        },
      });
      return resolve(root, args, context, info);
    },
  },
  {
    outputFields: (t) => ({
      purged: t.field({
        type: Purged,
        description: 'What was purged.',
        resolve: async ({ purgeId }, _args, { loaders }) => {
          const audit = await loaders.purgeAudit.load(purgeId);
          if (!audit) throw new Error('The audit of a purge is gone.');
          return audit;
        },
      }),
    }),
  },
);
