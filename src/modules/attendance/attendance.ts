import { builder } from '../../graphql/builder.ts';
import type { Objects } from '../../graphql/objects.ts';
import { loadVisibleAttendance } from './loaders.ts';
import type { AttendanceRow } from './table.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    Attendance: AttendanceRow;
  }
}

export const AttendanceStatusEnum = builder.enumType('AttendanceStatus', {
  description: "How a person's day at work went.",
  values: {
    PRESENT: { description: 'Came in time, or had no shift to be late for.' },
    LATE: { description: 'Came more than 5 minutes after the start of their shift.' },
    ABSENT: { description: 'Was expected and did not come.' },
    ON_LEAVE: { description: 'Was away with leave.' },
  } as const,
});

builder.node('Attendance', {
  description: 'One person at work on one calendar day; there is at most one for a person and day.',
  id: { resolve: (attendance) => attendance.id },
  loadOne: (id, context) => loadVisibleAttendance(context, id),
  fields: (t) => ({
    person: t.field({
      type: 'Person',
      description: 'Whose day it is.',
      // A foreign key keeps the person there.
      resolve: ({ person_id: id }, _args, context) => context.loaders.person.load(id) as Promise<Objects['Person']>,
    }),
    site: t.field({
      type: 'Site',
      nullable: true,
      description: 'Where they worked; null where it is not known.',
      resolve: ({ site_id: id }, _args, context) => (id ? context.loaders.site.load(id) : null),
    }),
    day: t.expose('day', {
      type: 'Date',
      description: 'The calendar day at the tenant when the work began: a night shift belongs to its first day.',
    }),
    status: t.expose('status', { type: AttendanceStatusEnum, description: 'How the day went.' }),
    clockInAt: t.expose('clock_in_at', {
      type: 'DateTime',
      nullable: true,
      description: 'When they came; null exactly where they were absent or on leave.',
    }),
    clockOutAt: t.expose('clock_out_at', {
      type: 'DateTime',
      nullable: true,
      description: 'When they left; null while they are at work, or when they forgot to clock out.',
    }),
    workedMinutes: t.int({
      nullable: true,
      description: 'Whole minutes from coming to leaving, as they really passed; null until both are known.',
      resolve: workedMinutes,
    }),
    note: t.exposeString('note', { nullable: true, description: 'A remark, for example why somebody was late.' }),
    correctedBy: t.field({
      type: 'Person',
      nullable: true,
      description: 'Who corrected it last; null where nobody did.',
      resolve: ({ corrected_by_id: id }, _args, context) => (id ? context.loaders.person.load(id) : null),
    }),
    version: t.exposeInt('version', {
      description: 'Send it back with a correction, so that no change is overwritten.',
    }),
    createdAt: t.expose('created_at', { type: 'DateTime', description: 'When it was recorded.' }),
    updatedAt: t.expose('updated_at', { type: 'DateTime', description: 'When it last changed.' }),
  }),
});

function workedMinutes({ clock_in_at: from, clock_out_at: to }: AttendanceRow): number | null {
  return from && to ? Math.floor((to.getTime() - from.getTime()) / 60_000) : null;
}
