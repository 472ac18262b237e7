import { z } from 'zod';
import { auditCache } from '../../db/cache-audit.ts';
import { builder } from '../../graphql/builder.ts';
import type { WarmReport, WarmSkip } from '../../graphql/cache-manager.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { parseInput } from '../../graphql/validation.ts';
import './audits.ts';
import { managerOf, onlyForManagers } from './manager.ts';
import { viewersByName, viewersOfRoles } from './viewers.ts';

const most = { operations: 20, roles: 20, persons: 20 };

const SkipReasonEnum = builder.enumType('WarmSkipReason', {
  description: 'Why an answer was not warmed.',
  values: {
    UNCACHEABLE: { value: 'uncacheable', description: 'Its answer is never kept.' },
    PERSONAL: { value: 'personal', description: 'It is for one person alone, and was not asked for a person.' },
    REFUSED: { value: 'refused', description: 'The viewer may not ask it, or its variables are wrong.' },
    FAILED: { value: 'failed', description: 'It could not be made.' },
    LIMIT: { value: 'limit', description: 'There were too many already.' },
    DEADLINE: { value: 'deadline', description: 'The time was up.' },
  } as const,
});

const Skipped = builder.objectRef<WarmSkip>('WarmSkip').implement({
  description: 'An answer that was not warmed.',
  fields: (t) => ({
    operation: t.exposeString('operation', { description: 'The operation.' }),
    roles: t.exposeStringList('roles', { description: 'Keys of the roles of those it was for.' }),
    reason: t.expose('reason', { type: SkipReasonEnum, description: 'Why, for a program to read.' }),
    detail: t.exposeString('detail', { description: 'Why, for a person to read.' }),
  }),
});

const Warmed = builder.objectRef<WarmReport>('Warmed').implement({
  description: 'What is ready now.',
  fields: (t) => ({
    warmed: t.exposeInt('warmed', { description: 'Answers that were made, and are kept now.' }),
    kept: t.exposeInt('kept', { description: 'Answers that were there already.' }),
    skipped: t.field({
      type: [Skipped],
      description: 'Those that were not warmed.',
      resolve: ({ skipped }) => [...skipped],
    }),
  }),
});

const input = z.object({
  operations: z
    .array(z.string())
    .min(1, 'Send the name of at least one operation.')
    .max(most.operations, `Send at most ${most.operations} operations at once.`),
  variables: z.record(z.string(), z.unknown(), 'Send an object: { "days": 30 }.').nullish(),
  roles: z.array(z.string()).min(1, 'Send a role, or leave this out.').max(most.roles).nullish(),
  persons: z.array(globalId('Person')).min(1, 'Send a person, or leave this out.').max(most.persons).nullish(),
});

builder.relayMutationField(
  'warmCache',
  {
    description: 'Which operations to ask, and on whose behalf.',
    inputFields: (t) => ({
      operations: t.stringList({
        required: true,
        description: `Names of queries of \`schema/operations\`: \`Dashboard\`. At most ${most.operations}.`,
      }),
      variables: t.field({
        type: 'JSON',
        description: 'An object with their variables: each operation gets those that it has.',
      }),
      roles: t.stringList({
        description:
          'Only for people who have one of these roles, by its key: `agent`. Left out, and without `persons`, for all.',
      }),
      persons: t.idList({
        description: `For these people themselves, with answers that are for them alone. At most ${most.persons}.`,
      }),
    }),
  },
  {
    description:
      'Asks operations on behalf of one person for each combination of roles and sites there is, the most frequent ' +
      'first, so that whoever asks the same next is answered from the cache, on every node that shares Redis. The ' +
      'answers are kept for exactly those who would have been answered them, and shown to nobody here. At most 100 are ' +
      'asked, for at most 20 seconds; the rest is skipped.',
    authScopes: onlyForManagers('warm'),
    errors: {},
    // The work is done before the transaction that writes it down: none is held open meanwhile.
    async resolve(root, args, context, info) {
      const { operations, variables, roles, persons } = parseInput(input, args.input);
      const { viewer, requestId, now } = context;
      const { tenantId, personId } = viewer;
      const manager = managerOf(context);
      const named = persons ? await viewersByName(context, [...new Set(persons)]) : [];
      const alike = roles || !persons ? await viewersOfRoles(context, roles ?? null) : [];
      const report = await manager.warm({
        tenantId,
        requestId,
        operations: [...new Set(operations)],
        variables: variables ?? {},
        viewers: [...named, ...alike],
      });
      const { warmed, kept, skipped } = report;
      const facts = { operations: operations.length, warmed, kept, skipped: skipped.length };
      manager.tell({ action: 'warm', tenantId, via: 'person', requestId, facts });
      const record = mutation({
        input,
        async run({ trx }) {
          // What variables hold may be somebody's name.
          const asked = { operations, variables: Object.keys(variables ?? {}), roles, persons };
          const by = { via: 'person', personId, requestId } as const;
          return { warmId: await auditCache(trx, { action: 'warm', by, asked, outcome: report, at: now }) };
        },
      });
      return record(root, args, context, info);
    },
  },
  {
    outputFields: (t) => ({
      warmed: t.field({
        type: Warmed,
        description: 'What is ready now.',
        resolve: async ({ warmId }, _args, { loaders }) => {
          const report = await loaders.warmAudit.load(warmId);
          if (!report) throw new Error('The audit of a warming is gone.');
          return report;
        },
      }),
    }),
  },
);
