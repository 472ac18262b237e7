import { expressionBuilder, sql, type Expression, type SqlBool } from 'kysely';
import type { Tables } from '../../db/tables.ts';
import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import { calendarDay, endsAfterStart, notBeforeStart } from '../../graphql/calendar.ts';
import { isInstant, resolveConnection, type ConnectionOrder } from '../../graphql/connection.ts';
import { globalId } from '../../graphql/global-id.ts';
import type { Objects } from '../../graphql/objects.ts';
import { oneOf } from '../../graphql/one-of.ts';
import { parseInput } from '../../graphql/validation.ts';
import { loadVisibleShift } from './loaders.ts';
import { shiftWithinReach } from './placement.ts';
import type { ShiftRow } from './table.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    Shift: ShiftRow;
  }
}

builder.node('Shift', {
  description: 'A span of work at a site, worked by one person or still vacant.',
  id: { resolve: (shift) => shift.id },
  loadOne: (id, context) => loadVisibleShift(context, id),
  fields: (t) => ({
    site: t.field({
      type: 'Site',
      description: 'Where it is worked.',
      // A foreign key keeps the site there.
      resolve: ({ site_id: id }, _args, context) => context.loaders.site.load(id) as Promise<Objects['Site']>,
    }),
    team: t.field({
      type: 'Team',
      nullable: true,
      description: 'The team it is worked for.',
      resolve: ({ team_id: id }, _args, context) => (id ? context.loaders.team.load(id) : null),
    }),
    person: t.field({
      type: 'Person',
      nullable: true,
      description: 'Who works it; null while it is vacant.',
      resolve: ({ person_id: id }, _args, context) => (id ? context.loaders.person.load(id) : null),
    }),
    day: t.expose('day', { type: 'Date', description: 'The calendar day at the tenant when it begins.' }),
    startsAt: t.expose('starts_at', { type: 'DateTime', description: 'When it begins.' }),
    endsAt: t.expose('ends_at', { type: 'DateTime', description: 'When it ends, at most 24 hours later.' }),
    role: t.exposeString('role', { nullable: true, description: 'What is done in it, for example "front desk".' }),
    version: t.exposeInt('version', { description: 'Send it back with a change, so that no change is overwritten.' }),
    createdAt: t.expose('created_at', { type: 'DateTime', description: 'When it was planned.' }),
    updatedAt: t.expose('updated_at', { type: 'DateTime', description: 'When it last changed.' }),
  }),
});

const ShiftFilter = builder.inputType('ShiftFilter', {
  description: 'Which shifts; every field given must hold.',
  fields: (t) => ({
    siteId: t.idList({ description: 'At any of these sites.' }),
    teamId: t.idList({ description: 'For any of these teams.' }),
    personId: t.idList({ description: 'Worked by any of these people.' }),
    from: t.field({ type: 'Date', description: 'Beginning on this day or later.' }),
    to: t.field({ type: 'Date', description: 'Beginning on this day or earlier.' }),
    vacant: t.boolean({ description: 'true: only those nobody works yet; false: only those somebody works.' }),
  }),
});

const filterInput = z.object({
  filter: z
    .object({
      siteId: z.array(globalId('Site')).nullish(),
      teamId: z.array(globalId('Team')).nullish(),
      personId: z.array(globalId('Person')).nullish(),
      from: calendarDay.nullish(),
      to: calendarDay.nullish(),
      vacant: z.boolean().nullish(),
    })
    .refine(endsAfterStart, notBeforeStart)
    .nullish(),
});

const byStart: ConnectionOrder<ShiftRow> = {
  name: 'start',
  by: sql.ref('shifts.starts_at'),
  valueOf: (shift) => shift.starts_at,
  accepts: isInstant,
  direction: 'asc',
};

builder.queryField('shifts', (t) =>
  t.connection(
    {
      cacheControl: { maxAge: 300 },
      type: 'Shift',
      description: 'The shifts you may see, by their start.',
      authScopes: { permission: 'rota:read' },
      args: { filter: t.arg({ type: ShiftFilter, description: 'Which shifts.' }) },
      resolve: (_root, args, context, info) => {
        const filter = parseInput(filterInput, { filter: args.filter }).filter ?? {};
        return resolveConnection({
          args,
          info,
          order: byStart,
          id: sql.ref('shifts.id'),
          rows: (query) => query.selectAll('shifts'),
          filtered: context.db.read
            .selectFrom('shifts')
            .leftJoin('people as person', 'person.id', 'shifts.person_id')
            .where(shiftWithinReach(context.viewer, 'rota:read'))
            .where(oneOf('shifts.site_id', filter.siteId))
            .where(oneOf('shifts.team_id', filter.teamId))
            .where(oneOf('shifts.person_id', filter.personId))
            .where(onDays(filter))
            .$if(filter.vacant != null, (query) =>
              query.where('shifts.person_id', filter.vacant ? 'is' : 'is not', null),
            ),
        });
      },
    },
    { name: 'ShiftConnection' },
    { name: 'ShiftEdge' },
  ),
);

/** The bounds on the start are wider than any zone: they only keep to the index that the list is ordered by. */
function onDays({ from, to }: { from?: string | null; to?: string | null }): Expression<SqlBool> {
  const first = from ?? '-infinity';
  const last = to ?? 'infinity';
  const build = expressionBuilder<Tables, 'shifts'>();
  return build.and([
    build('shifts.day', '>=', first),
    build('shifts.day', '<=', last),
    sql<boolean>`shifts.starts_at >= ${first}::timestamptz - interval '2 days'`,
    sql<boolean>`shifts.starts_at <= ${last}::timestamptz + interval '3 days'`,
  ]);
}
