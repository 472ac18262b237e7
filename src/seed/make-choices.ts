import { createDice } from './dice.ts';
import type { SeedPlan } from './plan.ts';

const lists = {
  TICKET_CATEGORY: ['Hardware', 'Software', 'Network', 'Access', 'E-mail', 'Printing', 'Telephony', 'Facilities'],
  JOB_TYPE: ['Inspection', 'Maintenance', 'Installation', 'Replacement', 'Cleaning'],
  ASSET_TYPE: ['Laptop', 'Monitor', 'Phone', 'Printer', 'Switch', 'Access point', 'Vehicle'],
  LEAVE_TYPE: ['Holiday', 'Sick leave', 'Parental leave', 'Training'],
} as const;

export type ChoiceKind = keyof typeof lists;
/** A choice's id by its kind and key, `ids.TICKET_CATEGORY.get('e-mail')`. */
export type ChoiceIds = Record<ChoiceKind, ReadonlyMap<string, string>>;

/** The drop-down lists of a new tenant. */
export function makeChoices(plan: SeedPlan, createdAt: Date) {
  const dice = createDice(`${plan.seed}/${plan.slug}/choices`);
  const rows = Object.entries(lists).flatMap(([kind, labels]) =>
    labels.map((label, position) => ({
      id: dice.idAt(createdAt),
      kind: kind as ChoiceKind,
      key: label.toLowerCase().replaceAll(' ', '-'),
      label,
      position,
      created_at: createdAt,
      updated_at: createdAt,
    })),
  );
  const idsOf = (kind: ChoiceKind) => new Map(rows.filter((row) => row.kind === kind).map(({ key, id }) => [key, id]));
  const ids: ChoiceIds = {
    TICKET_CATEGORY: idsOf('TICKET_CATEGORY'),
    JOB_TYPE: idsOf('JOB_TYPE'),
    ASSET_TYPE: idsOf('ASSET_TYPE'),
    LEAVE_TYPE: idsOf('LEAVE_TYPE'),
  };
  return { rows, ids };
}
