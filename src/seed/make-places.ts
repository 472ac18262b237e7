import { createDice } from './dice.ts';
import type { SeedPlan } from './plan.ts';

export interface Site {
  id: string;
  name: string;
  code: string;
}

export interface Places {
  sites: Site[];
  teams: { id: string; name: string; description: string }[];
}

const siteNames = [
  ['Head Office', 'HQ', '1 Market Square'],
  ['Northgate', 'NORTH', '48 Northgate Road'],
  ['Harbour Street', 'HARB', '7 Harbour Street'],
  ['Riverside', 'RIVER', '120 Riverside Walk'],
  ['Airport Depot', 'AIR', 'Cargo Way, Gate 3'],
  ['Old Mill', 'MILL', '15 Mill Lane'],
  ['Westfield', 'WEST', '302 Westfield Avenue'],
  ['Campus', 'CAMP', '9 College Park'],
] as const;

const teams = [
  ['Service Desk', 'First answer to every request'],
  ['Field Services', 'Goes where the broken thing is'],
  ['Network', 'Lines, switches, wireless'],
  ['Workplace', 'Laptops, phones, printers, accounts'],
  ['Facilities', 'Doors, lights, meeting rooms'],
] as const;

/** Five to eight sites, depending on how many people need a desk, and the teams. */
export function makePlaces(plan: SeedPlan, createdAt: Date) {
  const dice = createDice(`${plan.seed}/${plan.slug}/places`);
  const count = Math.min(siteNames.length, 5 + Math.floor(plan.people / 100));
  return {
    sites: siteNames
      .slice(0, count)
      .map(([name, code, address]) => ({ id: dice.idAt(createdAt), name, code, address, created_at: createdAt })),
    teams: teams.map(([name, description]) => ({
      id: dice.idAt(createdAt),
      name,
      description,
      created_at: createdAt,
    })),
  };
}
