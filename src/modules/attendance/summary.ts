import { sql } from 'kysely';
import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import type { Context } from '../../graphql/context.ts';
import { globalId } from '../../graphql/global-id.ts';
import type { Objects } from '../../graphql/objects.ts';
import { withinReach } from '../../graphql/reach.ts';
import { parseInput } from '../../graphql/validation.ts';
import './table.ts';

interface Month {
  personId: string;
  year: number;
  /** 1 to 12. */
  month: number;
}

interface Summary extends Month {
  present: number;
  late: number;
  absent: number;
  onLeave: number;
  workedMinutes: number;
}

const AttendanceSummary = builder.objectRef<Summary>('AttendanceSummary').implement({
  description: "One person's attendance in one calendar month.",
  fields: (t) => ({
    person: t.field({
      type: 'Person',
      description: 'Whose month it is.',
      // The summary was made from this person's row.
      resolve: ({ personId }, _args, context) => context.loaders.person.load(personId) as Promise<Objects['Person']>,
    }),
    year: t.exposeInt('year', { description: 'The year, for example 2026.' }),
    month: t.exposeInt('month', { description: 'The month, 1 to 12.' }),
    present: t.exposeInt('present', { description: 'Days they came in time.' }),
    late: t.exposeInt('late', { description: 'Days they came late.' }),
    absent: t.exposeInt('absent', { description: 'Days they did not come.' }),
    onLeave: t.exposeInt('onLeave', { description: 'Days away with leave.' }),
    workedMinutes: t.exposeInt('workedMinutes', { description: 'Minutes worked, on the days that were clocked out.' }),
    rate: t.float({
      nullable: true,
      description: 'Of the days they were expected (leave apart), the share they came, 0 to 1; null without such days.',
      resolve: ({ present, late, absent }) =>
        present + late + absent === 0 ? null : (present + late) / (present + late + absent),
    }),
  }),
});

const summaryInput = z.object({
  personId: globalId('Person').nullish(),
  year: z.int().min(1900, 'Send a year from 1900 to 2999.').max(2999, 'Send a year from 1900 to 2999.'),
  month: z.int().min(1, 'Send a month from 1 to 12.').max(12, 'Send a month from 1 to 12.'),
});

builder.queryField('attendanceSummary', (t) =>
  t.field({
    cacheControl: { maxAge: 3600 },
    cached: true,
    type: AttendanceSummary,
    nullable: true,
    description: 'How one month went for a person; null where there is no such person that you may see.',
    authScopes: { permission: 'attendance:read' },
    args: {
      personId: t.arg.id({ description: 'Whose; yours where it is not sent.' }),
      year: t.arg.int({ required: true, description: 'The year, for example 2026.' }),
      month: t.arg.int({ required: true, description: 'The month, 1 to 12.' }),
    },
    resolve: (_root, args, context) => {
      const { personId, year, month } = parseInput(summaryInput, args);
      return loadSummary(context, { personId: personId ?? context.viewer.personId, year, month });
    },
  }),
);

/** One statement; no row where the person is unknown or out of reach. */
async function loadSummary({ db, viewer }: Context, { personId, year, month }: Month): Promise<Summary | null> {
  const firstDay = sql`make_date(${year}::int, ${month}::int, 1)`;
  const days = (status: string) => sql<number>`count(*) filter (where attendance.status = ${status})`;
  const worked = sql`floor(extract(epoch from attendance.clock_out_at - attendance.clock_in_at) / 60)`;
  const counts = await db.read
    .selectFrom('people as person')
    .leftJoin('attendance', (join) =>
      join
        .onRef('attendance.person_id', '=', 'person.id')
        .on(sql<boolean>`attendance.day >= ${firstDay} and attendance.day < (${firstDay} + interval '1 month')::date`),
    )
    .where('person.id', '=', personId)
    .where(withinReach(viewer, 'attendance:read', { site: 'person.site_id', owners: ['person.id'] }))
    .groupBy('person.id')
    .select([
      days('PRESENT').as('present'),
      days('LATE').as('late'),
      days('ABSENT').as('absent'),
      days('ON_LEAVE').as('onLeave'),
      sql<number>`coalesce(sum(${worked}), 0)::int`.as('workedMinutes'),
    ])
    .executeTakeFirst();
  return counts ? { personId, year, month, ...counts } : null;
}
