import { sql } from 'kysely';
import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import { calendarDay, daysIn, isDay } from '../../graphql/calendar.ts';
import { resolveConnection, type ConnectionOrder } from '../../graphql/connection.ts';
import { globalId } from '../../graphql/global-id.ts';
import { oneOf } from '../../graphql/one-of.ts';
import { parseInput } from '../../graphql/validation.ts';
import { AttendanceStatusEnum } from './attendance.ts';
import { attendanceWithinReach } from './placement.ts';
import { attendanceStatuses, type AttendanceRow } from './table.ts';

const maxRangeDays = 366;

const AttendanceFilter = builder.inputType('AttendanceFilter', {
  description: 'Which attendance; every field given must hold.',
  fields: (t) => ({
    personId: t.idList({ description: 'Of any of these people.' }),
    siteId: t.idList({ description: 'Recorded at any of these sites.' }),
    from: t.field({ type: 'Date', required: true, description: 'The first day.' }),
    to: t.field({
      type: 'Date',
      required: true,
      description: `The last day, itself included; at most ${maxRangeDays} days in all.`,
    }),
    status: t.field({ type: [AttendanceStatusEnum], description: 'Any of these.' }),
  }),
});

const filterInput = z.object({
  filter: z
    .object({
      personId: z.array(globalId('Person')).nullish(),
      siteId: z.array(globalId('Site')).nullish(),
      from: calendarDay,
      to: calendarDay,
      status: z.array(z.enum(attendanceStatuses)).nullish(),
    })
    .superRefine(({ from, to }, context) => {
      const problem = (message: string) => context.addIssue({ code: 'custom', path: ['to'], message });
      if (to < from) problem('Send a day that is not before "from".');
      else if (daysIn(from, to) > maxRangeDays) problem(`Ask for at most ${maxRangeDays} days at once.`);
    }),
});

const newestFirst: ConnectionOrder<AttendanceRow> = {
  name: 'day',
  by: sql.ref('attendance.day'),
  valueOf: (attendance) => attendance.day,
  accepts: isDay,
  direction: 'desc',
};

builder.queryField('attendance', (t) =>
  t.connection(
    {
      cacheControl: { maxAge: 3600 },
      type: 'Attendance',
      description: 'The attendance you may see in a span of days, newest first.',
      authScopes: { permission: 'attendance:read' },
      args: { filter: t.arg({ type: AttendanceFilter, required: true, description: 'Which attendance.' }) },
      resolve: (_root, args, context, info) => {
        const { filter } = parseInput(filterInput, { filter: args.filter });
        return resolveConnection({
          args,
          info,
          order: newestFirst,
          id: sql.ref('attendance.id'),
          rows: (query) => query.selectAll('attendance'),
          filtered: context.db.read
            .selectFrom('attendance')
            .leftJoin('people as person', 'person.id', 'attendance.person_id')
            .where('attendance.day', '>=', filter.from)
            .where('attendance.day', '<=', filter.to)
            .where(attendanceWithinReach(context.viewer, 'attendance:read'))
            .where(oneOf('attendance.person_id', filter.personId))
            .where(oneOf('attendance.site_id', filter.siteId))
            .where(oneOf('attendance.status', filter.status)),
        });
      },
    },
    { name: 'AttendanceConnection' },
    { name: 'AttendanceEdge' },
  ),
);

const maxRecentDays = 90;
const recentDays = z
  .int()
  .min(1, `Send a number from 1 to ${maxRecentDays}.`)
  .max(maxRecentDays, `Send a number from 1 to ${maxRecentDays}.`);
const recentInput = z.object({ personId: globalId('Person').nullish(), days: recentDays });

const daysDescription = `How many days, today at the tenant included; 1 to ${maxRecentDays}.`;

builder.queryField('recentAttendance', (t) =>
  t.field({
    cacheControl: { maxAge: 3600 },
    type: ['Attendance'],
    description: 'The last days of a person at the tenant, newest first; days without a record are left out.',
    authScopes: { permission: 'attendance:read' },
    args: {
      personId: t.arg.id({ description: 'Whose; yours where it is not sent.' }),
      days: t.arg.int({ required: true, defaultValue: 7, description: daysDescription }),
    },
    resolve: (_root, args, context) => {
      const { personId, days } = parseInput(recentInput, args);
      return context.loaders.recentAttendance.load({ personId: personId ?? context.viewer.personId, days });
    },
  }),
);

builder.objectField('Person', 'recentAttendance', (t) =>
  t.field({
    type: ['Attendance'],
    description: 'What you may see of their last days, newest first; days without a record are left out.',
    authScopes: { permission: 'attendance:read' },
    args: { days: t.arg.int({ required: true, defaultValue: 7, description: daysDescription }) },
    resolve: (person, args, context) => {
      const { days } = parseInput(z.object({ days: recentDays }), args);
      return context.loaders.recentAttendance.load({ personId: person.id, days });
    },
  }),
);
