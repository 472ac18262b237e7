import type { faker as Faker } from '@faker-js/faker/locale/en';
import { addDays, type Calendar, type Day } from './calendar.ts';
import { createDice, hash, type Dice } from './dice.ts';
import type { Places } from './make-places.ts';
import type { SeedPlan } from './plan.ts';

export type DemoRole = 'admin' | 'manager' | 'agent' | 'member';

/** The people every demo tenant has: `admin@<slug>.test` and so on. They come first. */
export const demoRoles: readonly DemoRole[] = ['admin', 'manager', 'agent', 'member'];

export interface SeedPerson {
  id: string;
  index: number;
  name: string;
  email: string;
  username: string;
  role: DemoRole;
  active: boolean;
  siteId: string;
  /** Beyond the home site. */
  otherSiteIds: string[];
  teamId: string | null;
  title: string;
  /** Works shifts; the others keep office hours. */
  onRota: boolean;
}

const titles: Record<DemoRole, readonly string[]> = {
  admin: ['IT Administrator'],
  manager: ['Service Manager', 'Operations Manager', 'Desk Manager'],
  agent: ['Support Agent', 'Support Engineer', 'Field Technician', 'Network Technician'],
  member: ['Accountant', 'Buyer', 'Designer', 'Driver', 'Engineer', 'Planner', 'Receptionist', 'Sales Representative'],
};

/** Everybody who works at the tenant; about one in seven on the desk, one in twenty-five a manager. */
export function makePeople(plan: SeedPlan, places: Places, faker: typeof Faker): SeedPerson[] {
  const dice = createDice(`${plan.seed}/${plan.slug}/people`);
  faker.seed(hash(`${plan.seed}/${plan.slug}/names`));
  const names = createNames(plan.slug, faker);
  return Array.from({ length: plan.people }, (_, index) => makePerson({ index, dice, places, plan, names }));
}

interface PersonInput {
  index: number;
  dice: Dice;
  places: Places;
  plan: SeedPlan;
  names: (demo: DemoRole | undefined) => Pick<SeedPerson, 'name' | 'email' | 'username'>;
}

function makePerson({ index, dice, places, plan, names }: PersonInput): SeedPerson {
  const demo = demoRoles[index];
  const role = demo ?? roleFor(index);
  const siteIds = places.sites.map(({ id }) => id);
  const home = demo ? demoSite(demo, siteIds) : dice.weighted(siteIds.map((id, at) => [id, at === 0 ? 3 : 1] as const));
  const others = siteIds.filter((id) => id !== home);
  const works = demo === 'agent' ? 1 : role === 'agent' ? dice.int(0, 2) : 0;
  const start = dice.int(0, others.length - 1);
  return {
    id: dice.idAt(new Date(plan.until.getTime() - (plan.days + 400) * 86_400_000 + index * 1_000)),
    index,
    ...names(demo),
    role,
    active: demo !== undefined || !dice.chance(0.03),
    siteId: home,
    otherSiteIds: Array.from({ length: works }, (_, at) => others[(start + at) % others.length] ?? home),
    teamId: role === 'agent' || role === 'manager' ? dice.pick(places.teams).id : null,
    title: dice.pick(titles[role]),
    onRota: demo !== undefined || role === 'agent' || dice.chance(0.22),
  };
}

/** Agents and managers lie evenly among the others, so that a small tenant has its share too. */
function roleFor(index: number): DemoRole {
  if (index % 25 === 24) return 'manager';
  return index % 7 === 4 ? 'agent' : 'member';
}

/** Manager and admin sit at the head office; agent and member share a site, so that they meet. */
function demoSite(demo: DemoRole, siteIds: readonly string[]): string {
  return siteIds[demo === 'agent' || demo === 'member' ? 1 : 0] ?? '';
}

/** Names with an address that nobody else at the tenant has. */
function createNames(slug: string, faker: typeof Faker): PersonInput['names'] {
  const taken = new Map<string, number>();
  return (demo) => {
    const [first, last] = [faker.person.firstName(), faker.person.lastName()];
    const plain = `${first}.${last}`.toLowerCase().replaceAll(/[^a-z.]/g, '');
    const count = (taken.get(plain) ?? 0) + 1;
    taken.set(plain, count);
    const username = demo ?? (count === 1 ? plain : `${plain}${count}`);
    return { name: `${first} ${last}`, email: `${username}@${slug}.test`, username };
  };
}

/** The rows of people and of what hangs on them. */
export function peopleRows(people: readonly SeedPerson[], { plan, calendar, roleIds, firstDay }: PeopleRowsInput) {
  const dice = createDice(`${plan.seed}/${plan.slug}/people rows`);
  const joinedAt = people.map(() => calendar.at(addDays(firstDay, -dice.int(10, 400)), 9 * 60));
  return {
    people: people.map((person, index) => ({
      id: person.id,
      name: person.name,
      email: person.email,
      username: person.username,
      phone: `+39 02 555 ${String(1000 + index).padStart(5, '0')}`,
      title: person.title,
      site_id: person.siteId,
      active: person.active,
      emergency_contact: dice.chance(0.8) || index < demoRoles.length ? emergencyContact(person, dice) : null,
      created_at: joinedAt[index],
      updated_at: joinedAt[index],
    })),
    person_sites: people.flatMap(({ id, otherSiteIds }) =>
      otherSiteIds.map((siteId) => ({ person_id: id, site_id: siteId })),
    ),
    person_roles: people.map(({ id, role }) => ({ person_id: id, role_id: roleIds.get(role) })),
    team_members: people.flatMap(({ id, teamId }) => (teamId ? [{ person_id: id, team_id: teamId }] : [])),
    preferences: people
      .filter((_, index) => index < demoRoles.length || dice.chance(0.4))
      .map((person) => ({
        person_id: person.id,
        locale: dice.weighted([
          ['en', 6],
          ['it', 3],
          ['de', 1],
        ]),
        theme: dice.pick(['SYSTEM', 'LIGHT', 'DARK']),
        email_notifications: dice.chance(0.7),
        default_site_id: dice.chance(0.6) ? person.siteId : null,
        updated_at: joinedAt[person.index],
      })),
  };
}

export interface PeopleRowsInput {
  plan: SeedPlan;
  calendar: Calendar;
  roleIds: ReadonlyMap<string, string>;
  firstDay: Day;
}

function emergencyContact({ name }: SeedPerson, dice: Dice): string {
  const family = name.split(' ').at(-1);
  const relation = dice.pick(['partner', 'mother', 'father', 'brother', 'sister', 'friend']);
  return `${dice.pick(['Alex', 'Chris', 'Dana', 'Kim', 'Robin', 'Sam'])} ${family} (${relation}), +39 333 ${dice.int(1_000_000, 9_999_999)}`;
}
