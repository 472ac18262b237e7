import { builder } from '../../graphql/builder.ts';
import type { TicketEventKind, TicketPriority, TicketSource, TicketStatus } from './table.ts';

type Values<Name extends string> = Record<Name, { description: string }>;

export const TicketStatusEnum = builder.enumType('TicketStatus', {
  description: 'Where a ticket stands. Every ticket that is not CLOSED counts as open.',
  values: {
    NEW: { description: 'Nobody has begun.' },
    IN_PROGRESS: { description: 'Somebody works on it.' },
    WAITING: { description: 'Held up by somebody or something else.' },
    RESOLVED: { description: 'Solved, as far as the desk can tell; the reporter may still object.' },
    CLOSED: { description: 'Over. It can be taken up again.' },
  } satisfies Values<TicketStatus>,
});

export const TicketPriorityEnum = builder.enumType('TicketPriority', {
  description: 'How soon a ticket must be looked after.',
  values: {
    LOW: { description: 'Can wait some days.' },
    NORMAL: { description: 'The usual.' },
    HIGH: { description: 'Today.' },
    URGENT: { description: 'Now: people cannot work.' },
  } satisfies Values<TicketPriority>,
});

export const TicketSourceEnum = builder.enumType('TicketSource', {
  description: 'How a ticket reached the desk.',
  values: {
    PORTAL: { description: 'Written by the reporter, here.' },
    EMAIL: { description: 'By e-mail.' },
    PHONE: { description: 'By telephone.' },
    CHAT: { description: 'In a chat.' },
    MONITORING: { description: 'Raised by a machine.' },
    IMPORT: { description: 'Taken over from another system.' },
  } satisfies Values<TicketSource>,
});

export const TicketEventKindEnum = builder.enumType('TicketEventKind', {
  description: 'What happened to a ticket.',
  values: {
    CREATED: { description: 'It was opened.' },
    UPDATED: { description: 'Its text, place, customer, asset, category or due date changed.' },
    PRIORITIZED: { description: 'Its priority changed.' },
    ASSIGNED: { description: 'Its assignee or team changed.' },
    TAKEN_IN_CHARGE: { description: 'Work on it began.' },
    WAITING: { description: 'It was put on hold.' },
    RESUMED: { description: 'It was taken off hold.' },
    UPGRADE_REQUIRED: { description: 'An upgrade of the product was found to be needed.' },
    ANOMALY_CREATED: { description: 'An anomaly was reported to the maker.' },
    ANOMALY_RESOLVED: { description: "The maker's anomaly was resolved." },
    INTERVENTION_SCHEDULED: { description: 'A visit was arranged.' },
    RESOLVED: { description: 'It was solved.' },
    CLOSED: { description: 'It was closed.' },
    REOPENED: { description: 'It was taken up again after it had been solved or closed.' },
    COMMENTED: { description: 'Somebody wrote a comment.' },
    VERIFIED: { description: 'The solution was checked.' },
    INVALIDATED: { description: 'It was found to be no case for the desk.' },
    MARKED_DUPLICATE: { description: 'It was found to repeat another one.' },
  } satisfies Values<TicketEventKind>,
});
