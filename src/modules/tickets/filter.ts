import {
  expressionBuilder,
  sql,
  type AliasableExpression,
  type Expression,
  type SelectQueryBuilder,
  type SqlBool,
} from 'kysely';
import { z } from 'zod';
import { instantsAround } from '../../db/due-times.ts';
import type { Tables } from '../../db/tables.ts';
import { builder } from '../../graphql/builder.ts';
import type { Context } from '../../graphql/context.ts';
import { globalId } from '../../graphql/global-id.ts';
import { oneOf } from '../../graphql/one-of.ts';
import { TicketPriorityEnum, TicketStatusEnum } from './enums.ts';
import { ticketPriorities, ticketStatuses } from './table.ts';

export const TicketFilterInput = builder.inputType('TicketFilter', {
  description: 'Which tickets; every field given must hold. A list without entries matches nothing.',
  fields: (t) => ({
    status: t.field({ type: [TicketStatusEnum], description: 'Any of these. Open tickets are all but CLOSED.' }),
    priority: t.field({ type: [TicketPriorityEnum], description: 'Any of these.' }),
    siteId: t.idList({ description: 'At any of these sites.' }),
    assigneeId: t.idList({ description: 'Assigned to any of these people.' }),
    unassigned: t.boolean({ description: 'true: only those nobody is assigned to; false: only those somebody is.' }),
    reporterId: t.idList({ description: 'Reported by any of these people.' }),
    teamId: t.idList({ description: 'With any of these teams.' }),
    categoryId: t.idList({ description: 'In any of these categories.' }),
    customerId: t.idList({ description: 'For any of these customers.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Opened at this instant or later.' }),
    createdTo: t.field({ type: 'DateTime', description: 'Opened before this instant.' }),
    overdue: t.boolean({
      description: 'true: only those that are due and neither solved nor closed; false: the rest.',
    }),
  }),
});

const most = 100;
const tooMany = `Send at most ${most}.`;
const idsOf = (type: string) => z.array(globalId(type)).max(most, tooMany).nullish();

export const ticketFilter = z
  .object({
    status: z.array(z.enum(ticketStatuses)).max(most, tooMany).nullish(),
    priority: z.array(z.enum(ticketPriorities)).max(most, tooMany).nullish(),
    siteId: idsOf('Site'),
    assigneeId: idsOf('Person'),
    unassigned: z.boolean().nullish(),
    reporterId: idsOf('Person'),
    teamId: idsOf('Team'),
    categoryId: idsOf('Choice'),
    customerId: idsOf('Customer'),
    createdFrom: z.date().nullish(),
    createdTo: z.date().nullish(),
    overdue: z.boolean().nullish(),
  })
  .refine(({ createdFrom, createdTo }) => !createdFrom || !createdTo || createdFrom < createdTo, {
    path: ['createdTo'],
    message: 'Send an instant after createdFrom.',
  })
  .nullish();

export type TicketFilter = z.output<typeof ticketFilter>;

/** The filter as one condition on `tickets`, apart from `overdue`. */
export function matchesFilter(filter: TicketFilter): AliasableExpression<SqlBool> {
  if (!filter) return sql<boolean>`true`;
  const { unassigned, createdFrom, createdTo } = filter;
  const build = expressionBuilder<Tables, 'tickets'>();
  const conditions: Expression<SqlBool>[] = [
    oneOf('tickets.status', filter.status),
    oneOf('tickets.priority', filter.priority),
    oneOf('tickets.site_id', filter.siteId),
    oneOf('tickets.assignee_id', filter.assigneeId),
    oneOf('tickets.reporter_id', filter.reporterId),
    oneOf('tickets.team_id', filter.teamId),
    oneOf('tickets.category_id', filter.categoryId),
    oneOf('tickets.customer_id', filter.customerId),
  ];
  if (unassigned != null) conditions.push(sql`tickets.assignee_id is ${sql.raw(unassigned ? 'null' : 'not null')}`);
  if (createdFrom) conditions.push(build('tickets.created_at', '>=', createdFrom));
  if (createdTo) conditions.push(build('tickets.created_at', '<', createdTo));
  return build.and(conditions);
}

type Tickets = SelectQueryBuilder<Tables, 'tickets', object>;

/**
 * Of these tickets those that are overdue, or those that are not: by the same rule as the field `overdue`, with which the
 * index of open tickets helps. The answer holds until one more of them comes due.
 */
export async function whereOverdue({ db, clock }: Context, tickets: Tickets, isWanted: boolean): Promise<Tickets> {
  const { at } = clock;
  const isUnsolved = sql<boolean>`(tickets.closed_at is null and tickets.status <> 'RESOLVED')`;
  const unsolved = tickets.where(isUnsolved);
  clock.holdsAmong(
    await db.readValue(() => unsolved.select(instantsAround('tickets.due_at', at).as('around')) as never),
  );
  const isOverdue = sql<boolean>`(${isUnsolved} and tickets.due_at < ${at})`;
  return tickets.where(isWanted ? isOverdue : sql<boolean>`${isOverdue} is not true`);
}
