import { ValidationError } from '../../errors.ts';
import type { TicketEventKind, TicketRow, TicketStatus } from './table.ts';

/** Where a ticket may go from where it stands. */
export const allowedTransitions: Readonly<Record<TicketStatus, readonly TicketStatus[]>> = {
  NEW: ['IN_PROGRESS', 'WAITING', 'RESOLVED', 'CLOSED'],
  IN_PROGRESS: ['WAITING', 'RESOLVED', 'CLOSED'],
  WAITING: ['IN_PROGRESS', 'RESOLVED', 'CLOSED'],
  RESOLVED: ['CLOSED', 'IN_PROGRESS'],
  CLOSED: ['IN_PROGRESS'],
};

/** Fails with a ValidationError on `status` that lists what each refused ticket could become instead. */
export function requireTransitions(tickets: readonly TicketRow[], to: TicketStatus): void {
  const refused = tickets.filter(({ status }) => !allowedTransitions[status].includes(to));
  if (refused.length === 0) return;
  const reasons = refused.map(
    ({ number, status }) => `ticket #${number} is ${status} and can become ${allowedTransitions[status].join(', ')}`,
  );
  throw new ValidationError([{ field: 'status', message: `Not to ${to}: ${reasons.join('; ')}.` }]);
}

/** What the history calls a transition. */
export function transitionKind(from: TicketStatus, to: TicketStatus): TicketEventKind {
  if (to !== 'IN_PROGRESS') return to === 'NEW' ? 'UPDATED' : to;
  if (from === 'NEW') return 'TAKEN_IN_CHARGE';
  return from === 'WAITING' ? 'RESUMED' : 'REOPENED';
}
