import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import { parseInput } from '../../graphql/validation.ts';
import { loadFigure, type FigureOptions } from './figures.ts';
import { scopeOf } from './scope.ts';
import { attendancePerMonth, closedPerMonth, monthsOf, openedPerMonth, type MonthsScope } from './trend-figures.ts';

const kept: FigureOptions = { maxAgeS: 7200 };

interface Month {
  month: string;
  scope: MonthsScope;
}

const MonthlyTrend = builder.objectRef<Month>('MonthlyTrend').implement({
  description: "One calendar month in the tenant's time zone.",
  fields: (t) => ({
    month: t.exposeString('month', { description: 'Year and month: `2026-11`.' }),
    ticketsOpened: t.int({
      description: 'Tickets created in it.',
      resolve: async ({ month, scope }, _args, context) =>
        (await loadFigure(context, scope, openedPerMonth, kept))[month] ?? 0,
    }),
    ticketsClosed: t.int({
      description: 'Tickets closed in it and closed still.',
      resolve: async ({ month, scope }, _args, context) =>
        (await loadFigure(context, scope, closedPerMonth, kept))[month] ?? 0,
    }),
    attendanceRate: t.float({
      nullable: true,
      description: '(present + late) / (present + late + absent), from 0 to 1; null where nobody was expected.',
      async resolve({ month, scope }, _args, context) {
        const people = (await loadFigure(context, scope, attendancePerMonth, kept))[month];
        return people && people.came + people.absent > 0 ? people.came / (people.came + people.absent) : null;
      },
    }),
  }),
});

const trendsInput = z.object({
  months: z
    .int('Send a number from 1 to 36.')
    .min(1, 'Send a number from 1 to 36.')
    .max(36, 'Send a number from 1 to 36.'),
});

builder.queryField('monthlyTrends', (t) =>
  t.field({
    cacheControl: { maxAge: 7200, staleWhileRevalidate: 60, staleIfError: 3600 },
    type: [MonthlyTrend],
    nullable: true,
    description:
      'The last months, oldest first, empty ones included, as far as your dashboards go: the whole tenant, or what ' +
      'belongs to your own sites.',
    authScopes: { permission: 'dashboard:read' },
    args: {
      months: t.arg.int({
        defaultValue: 12,
        description: 'How many months, the running one included: 1 to 36.',
      }),
    },
    async resolve(_root, args, context) {
      const input = parseInput(trendsInput, { months: args.months ?? 12 });
      const sites = await scopeOf(context);
      const scope = { ...sites, ...input, thisMonth: context.clock.today(sites.timeZone).slice(0, 7) };
      return monthsOf(scope).map((month) => ({ month, scope }));
    },
  }),
);
