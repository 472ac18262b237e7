import type { TicketPriority } from './table.ts';

const hour = 3_600_000;

/** How long after it was opened a ticket is due unless somebody says otherwise, in milliseconds. */
export const dueAfterMs: Readonly<Record<TicketPriority, number>> = {
  URGENT: 4 * hour,
  HIGH: 8 * hour,
  NORMAL: 3 * 24 * hour,
  LOW: 5 * 24 * hour,
};

export function dueDate(priority: TicketPriority, openedAt: Date): Date {
  return new Date(openedAt.getTime() + dueAfterMs[priority]);
}
