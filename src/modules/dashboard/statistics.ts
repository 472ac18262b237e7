import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import { cacheControlFromInfo } from '../../graphql/cache-control.ts';
import { encodeGlobalId } from '../../graphql/global-id.ts';
import { parseInput } from '../../graphql/validation.ts';
import { loadFigure, loadPastDue, type FigureOptions } from './figures.ts';
import { KeyCountType, keyCounts } from './key-count.ts';
import { scopeOf } from './scope.ts';
import {
  brokenPromises,
  byAgent,
  closedInWindow,
  dailyTrend,
  openedByCategory,
  openedInWindow,
  sources,
  type AgentCount,
  type DayCount,
  type WindowScope,
} from './statistics-figures.ts';

const AgentCountType = builder.objectRef<AgentCount>('AgentCount').implement({
  description: 'The tickets of the window that one person has now.',
  fields: (t) => ({
    key: t.string({
      description: "The person's id; `none` for tickets without an assignee.",
      resolve: ({ personId }) => (personId ? encodeGlobalId('Person', personId) : 'none'),
    }),
    person: t.field({
      type: 'Person',
      nullable: true,
      description: 'The assignee; null for tickets without one.',
      resolve: ({ personId }, _args, context) => (personId ? context.loaders.person.load(personId) : null),
    }),
    count: t.exposeInt('opened', { description: 'Tickets created in the window.' }),
    closed: t.exposeInt('closed', { description: 'Tickets closed in the window, whenever they were created.' }),
  }),
});

const TicketTrendDay = builder.objectRef<DayCount>('TicketTrendDay').implement({
  description: "One calendar day, from midnight to midnight in the tenant's time zone.",
  fields: (t) => ({
    day: t.expose('day', { type: 'Date', description: 'The day.' }),
    opened: t.exposeInt('opened', { description: 'Tickets created on it.' }),
    closed: t.exposeInt('closed', { description: 'Tickets closed on it.' }),
  }),
});

const TicketStatistics = builder.objectRef<WindowScope>('TicketStatistics').implement({
  description: 'What became of the tickets in a window of whole calendar days at the tenant that ends today.',
  fields: (t) => ({
    opened: t.int({
      description: 'Tickets created in the window.',
      resolve: async (scope, _args, context) =>
        (await loadFigure(context, scope, openedInWindow, keptFor(scope))).count,
    }),
    closed: t.int({
      description: 'Tickets closed in the window and closed still.',
      resolve: async (scope, _args, context) =>
        (await loadFigure(context, scope, closedInWindow, keptFor(scope))).count,
    }),
    meanResolutionHours: t.float({
      nullable: true,
      description:
        'Of the tickets closed in the window: the mean time in hours from creation to resolution (to closing, where ' +
        'they were never marked RESOLVED); null where none was closed.',
      resolve: async (scope, _args, context) =>
        (await loadFigure(context, scope, closedInWindow, keptFor(scope))).meanResolutionHours,
    }),
    slaBreaches: t.int({
      description:
        'Tickets that came due in the window, before now, and were resolved or closed after that or not at all yet.',
      resolve: (scope, _args, context) => loadPastDue(context, scope, brokenPromises, keptFor(scope)),
    }),
    bySource: t.field({
      type: [KeyCountType],
      description: 'The tickets created in the window by where they came from, zero included.',
      resolve: async (scope, _args, context) =>
        keyCounts(sources, (await loadFigure(context, scope, openedInWindow, keptFor(scope))).bySource),
    }),
    byCategory: t.field({
      type: [KeyCountType],
      description: 'The tickets created in the window by category, most first; `none` for those without one.',
      resolve: (scope, _args, context) => loadFigure(context, scope, openedByCategory, keptFor(scope)),
    }),
    byAgent: t.field({
      type: [AgentCountType],
      description: 'The tickets created or closed in the window by the assignee they have now, most created first.',
      resolve: (scope, _args, context) => loadFigure(context, scope, byAgent, keptFor(scope)),
    }),
    trend: t.field({
      type: [TicketTrendDay],
      description: 'Every day of the window, oldest first, days without tickets included.',
      resolve: (scope, _args, context) => loadFigure(context, scope, dailyTrend, keptFor(scope)),
    }),
  }),
});

const statisticsInput = z.object({ days: z.literal([7, 30, 90, 365], 'Send 7, 30, 90 or 365.') });

builder.queryField('ticketStatistics', (t) =>
  t.field({
    cacheControl: { maxAge: 900, staleWhileRevalidate: 60, staleIfError: 3600, dynamic: true },
    type: TicketStatistics,
    nullable: true,
    description:
      'Tickets over the last days, as far as your dashboards go: the whole tenant, or what belongs to your own sites.',
    authScopes: { permission: 'dashboard:read' },
    args: {
      days: t.arg.int({
        required: true,
        description: 'How many calendar days at the tenant, today included: 7, 30, 90 or 365.',
      }),
    },
    async resolve(_root, args, context, info) {
      const { days } = parseInput(statisticsInput, args);
      if (days === 7) cacheControlFromInfo(info).setCacheHint({ maxAge: maxAgeOf(days) });
      const scope = await scopeOf(context);
      return { ...scope, days, today: context.clock.today(scope.timeZone) };
    },
  }),
);

/** Of few days, today is a large part. */
function maxAgeOf(days: number): number {
  return days === 7 ? 300 : 900;
}

function keptFor({ days }: WindowScope): FigureOptions {
  return { maxAgeS: maxAgeOf(days) };
}
