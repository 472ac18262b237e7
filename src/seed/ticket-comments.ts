import { minuteMs } from './calendar.ts';
import type { Dice } from './dice.ts';
import type { Case } from './make-tickets.ts';
import { later, type Step } from './ticket-story.ts';
import { internalNotes, questions, replies, solutions } from './wording.ts';

export interface CommentRow extends Record<string, unknown> {
  id: string;
  author_id: string;
  internal: boolean;
  created_at: Date;
}

interface Remark {
  by: 'reporter' | 'assignee';
  texts: readonly string[];
  internal?: boolean;
  /** How often it is made at all. */
  chance: number;
}

/** What is said when something happens. */
const remarks: Record<string, readonly Remark[]> = {
  TAKEN_IN_CHARGE: [{ by: 'assignee', texts: internalNotes, internal: true, chance: 0.2 }],
  WAITING: [{ by: 'assignee', texts: questions, chance: 0.95 }],
  RESUMED: [{ by: 'reporter', texts: replies, chance: 0.9 }],
  RESOLVED: [{ by: 'assignee', texts: solutions, chance: 0.8 }],
  REOPENED: [{ by: 'reporter', texts: replies, chance: 1 }],
};

/** The talk on a ticket: questions, answers, the solution, and now and then a note among agents. */
export function makeComments({ id, reporter, assignee, steps }: Case, until: Date, dice: Dice): CommentRow[] {
  return steps.flatMap((step) =>
    remarksAt(step, dice).flatMap(({ by, texts, internal = false }) => {
      const at = later(step.at, dice.float(0.1, 0.9) * minuteMs);
      if (at > until) return [];
      return {
        id: dice.idAt(at),
        ticket_id: id,
        author_id: (by === 'reporter' ? reporter : assignee).id,
        body: dice.pick(texts),
        internal,
        created_at: at,
      };
    }),
  );
}

function remarksAt({ kind }: Step, dice: Dice): Remark[] {
  return (remarks[kind] ?? []).filter(({ chance }) => dice.chance(chance));
}
