import { builder } from '../../graphql/builder.ts';
import { loadFigure, loadPastDue } from './figures.ts';
import { KeyCountType, keyCounts } from './key-count.ts';
import { sitesOf, type DayScope } from './scope.ts';
import {
  closedOnDay,
  createdOnDay,
  openByCategory,
  openStatuses,
  openTickets,
  overdueTickets,
  priorities,
} from './ticket-figures.ts';

export const DashboardTickets = builder.objectRef<DayScope>('DashboardTickets').implement({
  description: 'Tickets: those not closed as they are now, and what happened on the day.',
  fields: (t) => ({
    open: t.int({
      description: 'Not CLOSED, as of now, whatever the day.',
      resolve: async (scope, _args, context) => (await loadFigure(context, sitesOf(scope), openTickets)).open,
    }),
    overdue: t.int({
      description:
        'Of the open ones, those not RESOLVED that were due before now; for a past day: due before the end of that day.',
      resolve: (scope, _args, context) => loadPastDue(context, scope, overdueTickets),
    }),
    unassigned: t.int({
      description: 'Of the open ones, those without an assignee.',
      resolve: async (scope, _args, context) => (await loadFigure(context, sitesOf(scope), openTickets)).unassigned,
    }),
    createdToday: t.int({
      description: "Created on the day, from midnight to midnight in the tenant's time zone.",
      resolve: (scope, _args, context) => loadFigure(context, scope, createdOnDay),
    }),
    closedToday: t.int({
      description: "Closed on the day, from midnight to midnight in the tenant's time zone.",
      resolve: (scope, _args, context) => loadFigure(context, scope, closedOnDay),
    }),
    byStatus: t.field({
      type: [KeyCountType],
      description:
        'Every status in the order of work, zero included: the open tickets, and under CLOSED those closed on the day.',
      async resolve(scope, _args, context) {
        const [{ byStatus }, closed] = await Promise.all([
          loadFigure(context, sitesOf(scope), openTickets),
          loadFigure(context, scope, closedOnDay),
        ]);
        return keyCounts([...openStatuses, 'CLOSED'], { ...byStatus, CLOSED: closed });
      },
    }),
    byPriority: t.field({
      type: [KeyCountType],
      description: 'The open tickets by priority, lowest first, zero included.',
      resolve: async (scope, _args, context) =>
        keyCounts(priorities, (await loadFigure(context, sitesOf(scope), openTickets)).byPriority),
    }),
    byCategory: t.field({
      type: [KeyCountType],
      description: "The open tickets by category, most first: the choice's key, or `none` for those without one.",
      resolve: (scope, _args, context) => loadFigure(context, sitesOf(scope), openByCategory),
    }),
  }),
});
