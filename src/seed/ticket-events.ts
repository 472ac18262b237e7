import type { Dice } from './dice.ts';
import type { Case } from './make-tickets.ts';
import type { Row } from './row-writer.ts';
import type { CommentRow } from './ticket-comments.ts';
import type { Status } from './ticket-story.ts';

export interface EventsInput {
  told: Case;
  comments: readonly CommentRow[];
  /** The team that had the ticket before anybody took it. */
  firstTeamId: string | null;
  dice: Dice;
}

/** The history of a ticket as the mutations would have written it: each change with what it was and became. */
export function makeEvents({ told, comments, firstTeamId, dice }: EventsInput): Row[] {
  const { id, reporter, assignee, steps } = told;
  let status: Status = 'NEW';
  const ofSteps = steps.map(({ kind, at, by, to }) => {
    const detail = {
      ...(to && { status: { from: status, to } }),
      ...(kind === 'ASSIGNED' && {
        assigneeId: { from: null, to: assignee.id },
        ...(assignee.teamId !== firstTeamId && { teamId: { from: firstTeamId, to: assignee.teamId } }),
      }),
    };
    status = to ?? status;
    const actor = by && (by === 'reporter' ? reporter : assignee).id;
    return { id: dice.idAt(at), ticket_id: id, kind, actor_id: actor, detail, occurred_at: at };
  });
  const ofComments = comments.map(({ id: commentId, author_id, internal, created_at: at }) => ({
    id: dice.idAt(at),
    ticket_id: id,
    kind: 'COMMENTED',
    actor_id: author_id,
    detail: { commentId, internal },
    occurred_at: at,
  }));
  return [...ofSteps, ...ofComments];
}
