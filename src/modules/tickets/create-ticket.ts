import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import type { Tables } from '../../db/tables.ts';
import { ForbiddenError } from '../../errors.ts';
import { builder } from '../../graphql/builder.ts';
import type { Context } from '../../graphql/context.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { newId } from '../../ids.ts';
import { requirePlace, worksOnTickets } from './access.ts';
import { dueDate } from './due-date.ts';
import { TicketPriorityEnum, TicketSourceEnum } from './enums.ts';
import { descriptionText, titleText } from './input-texts.ts';
import { notifyAssignee } from './notify-assignee.ts';
import { recordEvents } from './record-events.ts';
import { requireReferences } from './references.ts';
import { ticketPriorities, ticketSources } from './table.ts';

const createInput = z.object({
  title: titleText,
  description: descriptionText.nullish(),
  priority: z.enum(ticketPriorities).nullish(),
  source: z.enum(ticketSources).nullish(),
  categoryId: globalId('Choice').nullish(),
  siteId: globalId('Site').nullish(),
  customerId: globalId('Customer').nullish(),
  assetId: globalId('Asset').nullish(),
  reporterId: globalId('Person').nullish(),
  assigneeId: globalId('Person').nullish(),
  teamId: globalId('Team').nullish(),
  dueAt: z.date().nullish(),
});
type CreateInput = z.output<typeof createInput>;

builder.relayMutationField(
  'createTicket',
  {
    description: 'A new ticket.',
    inputFields: (t) => ({
      title: t.string({ required: true, description: 'What it is about, in one line; 1 to 200 characters.' }),
      description: t.string({ description: 'The whole story; at most 20000 characters.' }),
      priority: t.field({ type: TicketPriorityEnum, description: 'How soon it must be looked after. Default NORMAL.' }),
      source: t.field({ type: TicketSourceEnum, description: 'How it reached the desk. Default PORTAL.' }),
      categoryId: t.id({ description: 'A choice of the list TICKET_CATEGORY.' }),
      siteId: t.id({ description: "Where help is needed. Default: the reporter's home site." }),
      customerId: t.id({ description: 'Whom it is for, where that is somebody outside the tenant.' }),
      assetId: t.id({ description: 'The thing it is about.' }),
      reporterId: t.id({ description: 'Who asks for help. Default: you.' }),
      assigneeId: t.id({ description: 'Who looks after it.' }),
      teamId: t.id({ description: 'The team that looks after it.' }),
      dueAt: t.field({
        type: 'DateTime',
        description: 'When it ought to be solved. Default: URGENT 4 hours, HIGH 8 hours, NORMAL 3 days, LOW 5 days.',
      }),
    }),
  },
  {
    description: 'Opens a ticket. Those who only report tickets open them for themselves, at their own sites.',
    authScopes: { permission: 'tickets:write' },
    errors: {},
    resolve: mutation({ input: createInput, run: createTicket }),
  },
  {
    outputFields: (t) => ({
      ticket: t.field({
        type: 'Ticket',
        nullable: true,
        description: 'The new ticket; null where you may not see it.',
        resolve: ({ ticketId }, _args, context) => context.loaders.ticket.load(ticketId),
      }),
    }),
  },
);

async function createTicket({ input, trx, context }: { input: CreateInput; trx: Kysely<Tables>; context: Context }) {
  const { viewer, now } = context;
  if (!worksOnTickets(viewer)) refuseWorkersFields(input, context);
  const { categoryId, customerId, assetId, assigneeId, teamId } = input;
  const reporterId = input.reporterId ?? viewer.personId;
  await requireReferences(trx, context, { ...input, reporterId });
  const priority = input.priority ?? 'NORMAL';
  const ticket = {
    id: newId(),
    title: input.title,
    description: input.description ?? '',
    priority,
    source: input.source ?? 'PORTAL',
    category_id: categoryId ?? null,
    site_id: input.siteId ?? (await homeSiteOf(trx, reporterId)),
    customer_id: customerId ?? null,
    asset_id: assetId ?? null,
    reporter_id: reporterId,
    assignee_id: assigneeId ?? null,
    team_id: teamId ?? null,
    due_at: input.dueAt ?? dueDate(priority, now),
    created_at: now,
    updated_at: now,
  };
  requirePlace(viewer, ticket);
  const number = await nextNumber(trx);
  await trx
    .insertInto('tickets')
    .values({ ...ticket, number })
    .execute();
  await recordEvents(trx, context, [{ ticketId: ticket.id, kind: 'CREATED', detail: {} }]);
  if (assigneeId) await notifyAssignee(trx, context, assigneeId, [{ ...ticket, number }]);
  return { ticketId: ticket.id };
}

/** Who only reports tickets does so in their own name, and leaves it to the desk who works on it and by when. */
function refuseWorkersFields(input: CreateInput, { viewer }: Context): void {
  const { reporterId, source, ...rest } = input;
  const fields = (['assigneeId', 'teamId', 'customerId', 'dueAt'] as const).filter((field) => rest[field] != null);
  if (fields.length > 0) throw new ForbiddenError(`Only those who work on tickets may send ${fields.join(', ')}.`);
  if (source != null && source !== 'PORTAL') throw new ForbiddenError('You may open tickets only from the PORTAL.');
  if (reporterId != null && reporterId !== viewer.personId) {
    throw new ForbiddenError('You may open tickets only for yourself: leave reporterId out.');
  }
}

async function homeSiteOf(trx: Kysely<Tables>, personId: string): Promise<string | null> {
  const person = await trx.selectFrom('people').select('site_id').where('id', '=', personId).executeTakeFirst();
  return person?.site_id ?? null;
}

/** Counts on under a lock that ends with the transaction: no number twice, and none left out. Taken late. */
async function nextNumber(trx: Kysely<Tables>): Promise<number> {
  const { last } = await trx
    .insertInto('ticket_numbers')
    .values({ last: 1 })
    .onConflict((conflict) =>
      conflict.column('tenant_id' as never).doUpdateSet({ last: sql<number>`ticket_numbers.last + 1` }),
    )
    .returning('last')
    .executeTakeFirstOrThrow();
  return last;
}
