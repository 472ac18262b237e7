import type { Dice } from './dice.ts';
import { demoRoles, type SeedPerson } from './make-people.ts';
import type { Stage } from './stage.ts';

/** Who a new ticket comes from and who will work on it. */
export interface Desk {
  staff(number: number): { reporter: SeedPerson; siteId: string; assignee: SeedPerson };
  /** Where tickets wait until somebody takes them. */
  firstTeamId: string | null;
  /** An asset the person holds. */
  deviceOf(person: SeedPerson): string | null;
}

/** The newest tickets, most of them still open, are the demo people's. */
const latest = 8;

/** Agents work on what is reported at their sites; the demo people get more than their share, to have something to see. */
export function createDesk({ plan, people, places, assets }: Stage, dice: Dice): Desk {
  const isDemo = ({ index }: SeedPerson) => index < demoRoles.length;
  const present = people.filter(({ active }) => active);
  const atSite = agentsBySite({ people, places });
  const devices = assets.filter(({ holderId }) => holderId !== null);
  const devicesOf = new Map(devices.map(({ holderId, id }) => [holderId, id]));
  const demoPeople = present.filter(isDemo);
  const demoMembers = demoPeople.filter(({ role }) => role === 'member');
  const reporterOf = (number: number) => {
    if (number > plan.tickets - latest) return demoPeople[number % demoPeople.length] ?? dice.pick(present);
    if (dice.chance(0.03)) return dice.pick(demoMembers);
    return dice.pick(dice.chance(0.02) ? demoPeople : present);
  };
  return {
    firstTeamId: places.teams[0]?.id ?? null,
    deviceOf: (person) => devicesOf.get(person.id) ?? null,
    staff(number) {
      const reporter = reporterOf(number);
      const siteId = reporter.siteId;
      const candidates = atSite.get(siteId) ?? [];
      const demoAgent = candidates.find(isDemo);
      return { reporter, siteId, assignee: demoAgent && dice.chance(0.3) ? demoAgent : dice.pick(candidates) };
    },
  };
}

/** Who works at each site; where nobody does, everybody on the desk. */
export function agentsBySite({ people, places }: Pick<Stage, 'people' | 'places'>): ReadonlyMap<string, SeedPerson[]> {
  const agents = people.filter(({ active, role }) => active && role === 'agent');
  return new Map(
    places.sites.map(({ id }) => {
      const own = agents.filter(({ siteId, otherSiteIds }) => siteId === id || otherSiteIds.includes(id));
      return [id, own.length > 0 ? own : agents];
    }),
  );
}
