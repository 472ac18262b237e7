import type { FieldMap } from '@pothos/core';
import type { builder } from '../../graphql/builder.ts';

type Fields = PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, { personId: string }>;

/** What every change of a person answers. */
export const personPayload = {
  outputFields: (t: Fields): FieldMap => ({
    person: t.field({
      type: 'Person',
      nullable: true,
      description: 'The person as they are now.',
      resolve: ({ personId }, _args, context) => context.loaders.person.load(personId),
    }),
  }),
};
