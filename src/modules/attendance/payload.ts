import type { FieldMap } from '@pothos/core';
import type { builder } from '../../graphql/builder.ts';
import './attendance.ts';

type Fields = PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, { attendanceId: string }>;

/** What every change of attendance answers. */
export const attendancePayload = {
  outputFields: (t: Fields): FieldMap => ({
    attendance: t.field({
      type: 'Attendance',
      nullable: true,
      description: 'The day as it is recorded now.',
      resolve: ({ attendanceId }, _args, context) => context.loaders.attendance.load(attendanceId),
    }),
  }),
};
