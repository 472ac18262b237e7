import type { FieldMap } from '@pothos/core';
import type { builder } from '../../graphql/builder.ts';

type Fields = PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, { leaveRequestId: string }>;

/** What every change of a leave request answers. */
export const leaveRequestPayload = {
  outputFields: (t: Fields): FieldMap => ({
    leaveRequest: t.field({
      type: 'LeaveRequest',
      nullable: true,
      description: 'The request as it stands now.',
      resolve: ({ leaveRequestId }, _args, context) => context.loaders.leaveRequest.load(leaveRequestId),
    }),
  }),
};
