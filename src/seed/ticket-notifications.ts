import { dayMs } from './calendar.ts';
import type { Dice } from './dice.ts';
import type { Case } from './make-tickets.ts';
import type { Row } from './row-writer.ts';
import type { CommentRow } from './ticket-comments.ts';
import { later } from './ticket-story.ts';

/** Older notifications are gone. */
const keptMs = 14 * dayMs;

export interface NotificationsInput {
  told: Case;
  comments: readonly CommentRow[];
  until: Date;
  dice: Dice;
}

interface Notice {
  to: string;
  kind: string;
  subject: string;
  at: Date;
}

/** What the two people of a ticket were told lately; most of it read. */
export function makeNotifications({ told, comments, until, dice }: NotificationsInput): Row[] {
  return noticesOf(told, comments)
    .filter(({ at }) => until.getTime() - at.getTime() < keptMs)
    .map(({ to, kind, subject, at }) => {
      const readAt = later(at, dice.delay(0.2, 1) * dayMs);
      return {
        id: dice.idAt(at),
        person_id: to,
        kind,
        subject,
        ticket_id: told.id,
        read_at: readAt <= until && dice.chance(0.85) ? readAt : null,
        created_at: at,
      };
    });
}

function noticesOf({ number, title, reporter, assignee, steps }: Case, comments: readonly CommentRow[]): Notice[] {
  const ofSteps = steps.flatMap(({ kind, at }): Notice[] => {
    if (kind === 'ASSIGNED')
      return [
        { to: assignee.id, kind: 'TICKET_ASSIGNED', subject: `Ticket #${number} was assigned to you: ${title}`, at },
      ];
    if (kind === 'RESOLVED')
      return [{ to: reporter.id, kind: 'TICKET_RESOLVED', subject: `Ticket #${number} was resolved: ${title}`, at }];
    return [];
  });
  const ofComments = comments
    .filter(({ internal, author_id }) => !internal && author_id !== reporter.id)
    .map(({ created_at }) => ({
      to: reporter.id,
      kind: 'TICKET_COMMENTED',
      subject: `Ticket #${number} has a new comment: ${title}`,
      at: created_at,
    }));
  return [...ofSteps, ...ofComments];
}
