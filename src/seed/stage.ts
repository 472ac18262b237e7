import type { Calendar, Day } from './calendar.ts';
import type { Asset } from './make-assets.ts';
import type { ChoiceIds } from './make-choices.ts';
import type { SeedPerson } from './make-people.ts';
import type { Places } from './make-places.ts';
import type { SeedPlan } from './plan.ts';

/** What is known once the standing parts of a tenant are made; the history is played on it. */
export interface Stage {
  plan: SeedPlan;
  calendar: Calendar;
  /** The local day the history begins and the one it ends on. */
  firstDay: Day;
  today: Day;
  places: Places;
  people: readonly SeedPerson[];
  choices: ChoiceIds;
  customers: readonly { id: string; name: string }[];
  assets: readonly Asset[];
}

/** The text a part's dice are seeded with. */
export function seedOf({ seed, slug }: SeedPlan, part: string): string {
  return `${seed}/${slug}/${part}`;
}
