import { sql } from 'kysely';
import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import { calendarDay, daysIn, endsAfterStart, isDay, notBeforeStart } from '../../graphql/calendar.ts';
import { resolveConnection, type ConnectionOrder } from '../../graphql/connection.ts';
import { globalId } from '../../graphql/global-id.ts';
import type { Objects } from '../../graphql/objects.ts';
import { oneOf } from '../../graphql/one-of.ts';
import { parseInput } from '../../graphql/validation.ts';
import { loadVisibleLeaveRequest } from './loaders.ts';
import { leaveWithinReach } from './placement.ts';
import { leaveStatuses, type LeaveRequestRow } from './table.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    LeaveRequest: LeaveRequestRow;
  }
}

const LeaveStatusEnum = builder.enumType('LeaveStatus', {
  description: 'Where a leave request stands.',
  values: {
    PENDING: { description: 'Waits for a decision.' },
    APPROVED: { description: 'Granted: no shift may be assigned on these days.' },
    DECLINED: { description: 'Not granted.' },
    CANCELLED: { description: 'Taken back.' },
  } as const,
});

builder.node('LeaveRequest', {
  description:
    'Somebody asks to be away for some calendar days. It does not write attendance: a day becomes ON_LEAVE there only ' +
    'by a correction.',
  id: { resolve: (request) => request.id },
  loadOne: (id, context) => loadVisibleLeaveRequest(context, id),
  fields: (t) => ({
    person: t.field({
      type: 'Person',
      description: 'Who asks.',
      // A foreign key keeps the person there.
      resolve: ({ person_id: id }, _args, context) => context.loaders.person.load(id) as Promise<Objects['Person']>,
    }),
    type: t.field({
      type: 'Choice',
      nullable: true,
      description: 'Why they are away, an entry of the list LEAVE_TYPE.',
      resolve: ({ type_id: id }, _args, context) => (id ? context.loaders.choice.load(id) : null),
    }),
    startsOn: t.expose('starts_on', { type: 'Date', description: 'The first day away.' }),
    endsOn: t.expose('ends_on', { type: 'Date', description: 'The last day away.' }),
    days: t.int({
      description: 'How many calendar days, first and last included.',
      resolve: (request) => daysIn(request.starts_on, request.ends_on),
    }),
    reason: t.exposeString('reason', { nullable: true, description: 'What they say about it.' }),
    status: t.expose('status', { type: LeaveStatusEnum, description: 'Where it stands.' }),
    decidedBy: t.field({
      type: 'Person',
      nullable: true,
      description: 'Who approved or declined it.',
      resolve: ({ decided_by_id: id }, _args, context) => (id ? context.loaders.person.load(id) : null),
    }),
    decidedAt: t.expose('decided_at', { type: 'DateTime', nullable: true, description: 'When that was.' }),
    decisionNote: t.exposeString('decision_note', { nullable: true, description: 'What they said about it.' }),
    version: t.exposeInt('version', { description: 'Send it back with a decision, so that no change is overwritten.' }),
    createdAt: t.expose('created_at', { type: 'DateTime', description: 'When it was asked for.' }),
    updatedAt: t.expose('updated_at', { type: 'DateTime', description: 'When it last changed.' }),
  }),
});

const LeaveRequestFilter = builder.inputType('LeaveRequestFilter', {
  description: 'Which leave requests; every field given must hold.',
  fields: (t) => ({
    personId: t.idList({ description: 'Of any of these people.' }),
    status: t.field({ type: [LeaveStatusEnum], description: 'Any of these.' }),
    from: t.field({ type: 'Date', description: 'Away on this day or later.' }),
    to: t.field({ type: 'Date', description: 'Away on this day or earlier.' }),
  }),
});

const filterInput = z.object({
  filter: z
    .object({
      personId: z.array(globalId('Person')).nullish(),
      status: z.array(z.enum(leaveStatuses)).nullish(),
      from: calendarDay.nullish(),
      to: calendarDay.nullish(),
    })
    .refine(endsAfterStart, notBeforeStart)
    .nullish(),
});

const latestStartFirst: ConnectionOrder<LeaveRequestRow> = {
  name: 'start',
  by: sql.ref('leave_requests.starts_on'),
  valueOf: (request) => request.starts_on,
  accepts: isDay,
  direction: 'desc',
};

builder.queryField('leaveRequests', (t) =>
  t.connection(
    {
      cacheControl: { maxAge: 300 },
      type: 'LeaveRequest',
      description: 'The leave requests you may see, the latest first day first.',
      authScopes: { permission: 'rota:read' },
      args: { filter: t.arg({ type: LeaveRequestFilter, description: 'Which leave requests.' }) },
      resolve: (_root, args, context, info) => {
        const filter = parseInput(filterInput, { filter: args.filter }).filter ?? {};
        return resolveConnection({
          args,
          info,
          order: latestStartFirst,
          id: sql.ref('leave_requests.id'),
          rows: (query) => query.selectAll('leave_requests'),
          filtered: context.db.read
            .selectFrom('leave_requests')
            .leftJoin('people as person', 'person.id', 'leave_requests.person_id')
            .where(leaveWithinReach(context.viewer, 'rota:read'))
            .where(oneOf('leave_requests.person_id', filter.personId))
            .where(oneOf('leave_requests.status', filter.status))
            .$if(filter.from != null, (query) => query.where('leave_requests.ends_on', '>=', filter.from ?? ''))
            .$if(filter.to != null, (query) => query.where('leave_requests.starts_on', '<=', filter.to ?? '')),
        });
      },
    },
    { name: 'LeaveRequestConnection' },
    { name: 'LeaveRequestEdge' },
  ),
);
