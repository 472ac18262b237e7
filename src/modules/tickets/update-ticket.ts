import { z } from 'zod';
import { ForbiddenError } from '../../errors.ts';
import { builder } from '../../graphql/builder.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { lockTicket, requireVersion, worksOnTickets } from './access.ts';
import { changeTickets } from './change-tickets.ts';
import { TicketPriorityEnum } from './enums.ts';
import { descriptionText, titleText, versionNumber } from './input-texts.ts';
import { ticketPayload } from './payload.ts';
import { ticketPriorities } from './table.ts';

const updateInput = z.object({
  id: globalId('Ticket'),
  version: versionNumber,
  title: titleText.optional(),
  description: descriptionText.nullish(),
  priority: z.enum(ticketPriorities, 'It cannot be cleared: leave it out to keep it.').optional(),
  categoryId: globalId('Choice').nullish(),
  siteId: globalId('Site').nullish(),
  customerId: globalId('Customer').nullish(),
  assetId: globalId('Asset').nullish(),
  reporterId: globalId('Person').nullish(),
  teamId: globalId('Team').nullish(),
  dueAt: z.date().nullish(),
});

builder.relayMutationField(
  'updateTicket',
  {
    description: 'What to change: a field left out stays as it is, null clears it.',
    inputFields: (t) => ({
      id: t.id({ required: true, description: 'The ticket.' }),
      version: t.int({ required: true, description: 'The version you have read.' }),
      title: t.string({ description: 'What it is about, in one line; 1 to 200 characters. Cannot be cleared.' }),
      description: t.string({ description: 'The whole story; at most 20000 characters.' }),
      priority: t.field({
        type: TicketPriorityEnum,
        description: 'How soon it must be looked after. Cannot be cleared.',
      }),
      categoryId: t.id({ description: 'A choice of the list TICKET_CATEGORY.' }),
      siteId: t.id({ description: 'Where help is needed.' }),
      customerId: t.id({ description: 'Whom it is for, where that is somebody outside the tenant.' }),
      assetId: t.id({ description: 'The thing it is about.' }),
      reporterId: t.id({ description: 'Who asks for help.' }),
      teamId: t.id({ description: 'The team that looks after it.' }),
      dueAt: t.field({ type: 'DateTime', description: 'When it ought to be solved.' }),
    }),
  },
  {
    description: 'Changes a ticket. Those who only report tickets may change the title and description of their own.',
    authScopes: { permission: 'tickets:write' },
    errors: {},
    resolve: mutation({
      input: updateInput,
      async run({ input: { id, version, ...fields }, trx, context }) {
        const ticket = await lockTicket({ trx, context, id, permission: 'tickets:write' });
        if (!worksOnTickets(context.viewer)) refuseAllButTexts(fields);
        requireVersion(ticket, version);
        const { description, ...rest } = fields;
        const patch = { ...rest, ...(description !== undefined && { description: description ?? '' }) };
        await changeTickets({ trx, context, tickets: [ticket], patch });
        return { ticketId: id };
      },
    }),
  },
  ticketPayload,
);

function refuseAllButTexts({ title: _title, description: _description, ...rest }: Record<string, unknown>): void {
  const refused = Object.keys(rest).filter((field) => rest[field] !== undefined);
  if (refused.length > 0) throw new ForbiddenError(`Only those who work on tickets may change ${refused.join(', ')}.`);
}
