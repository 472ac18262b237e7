import { expect } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { addPerson } from './add-person.ts';
import type { Person, TestTenant, World } from './world.ts';

const attendance = '{ id day status clockInAt clockOutAt workedMinutes note version person { id } site { name } }';
/** What the tests ask of a shift. */
export const shiftFields = '{ id day startsAt endsAt role version person { id } site { id } team { id } }';
/** What the tests ask of a leave request. */
export const leaveFields = `{
  id person { id } type { key } startsOn endsOn days reason status decidedBy { id } decidedAt decisionNote version
}`;

export const clockIn = mutationOf('clockIn', `attendance ${attendance}`);
export const clockOut = mutationOf('clockOut', `attendance ${attendance}`);
export const correctAttendance = mutationOf(
  'correctAttendance',
  `attendance { correctedBy { id } ...on Attendance ${attendance} }`,
);
export const createShift = mutationOf('createShift', `shift ${shiftFields}`);
export const assignShift = mutationOf('assignShift', `shift ${shiftFields}`);
export const requestLeave = mutationOf('requestLeave', `leaveRequest ${leaveFields}`);
export const decideLeave = mutationOf('decideLeave', `leaveRequest ${leaveFields}`);

/** Sends a mutation as somebody and answers its result: the payload or the typed error. */
function mutationOf(field: string, payload: string) {
  const name = `${field[0]?.toUpperCase()}${field.slice(1)}`;
  const document = `mutation ($input: ${name}Input!) {
    ${field}(input: $input) {
      __typename
      ... on ${name}Payload { clientMutationId ${payload} }
      ... on Error { message }
      ... on ConflictError { currentVersion }
      ... on ValidationError { fields { field message } }
    }
  }`;
  return async (world: World, person: Person, input: object, headers: Record<string, string> = {}): Promise<any> => {
    const { data, errors } = await world.ask(person.token, document, { variables: { input }, headers });
    expect(errors).toBeUndefined();
    return data[field];
  };
}

export function siteOf(tenant: TestTenant, name: 'here' | 'elsewhere' = 'here'): string {
  return encodeGlobalId('Site', tenant.sites[name]);
}

/** How many of the answers are of each type. */
export function countByType(answers: { __typename: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { __typename } of answers) counts[__typename] = (counts[__typename] ?? 0) + 1;
  return counts;
}

export async function setTimeZone(world: World, tenant: TestTenant, timeZone: string): Promise<void> {
  await world.database.owner.query('UPDATE tenants SET time_zone = $1 WHERE id = $2', [timeZone, tenant.id]);
}

/** Records days by their status. Present days last from 8:00 to 16:30:30 UTC, late ones are still open. */
export async function addDays(
  tenant: TestTenant,
  { person, siteId = null, days }: { person: Person; siteId?: string | null; days: Record<string, string> },
): Promise<void> {
  const rows = Object.entries(days).map(([day, status]) => ({
    id: newId(),
    person_id: person.id,
    site_id: siteId,
    day,
    status: status as 'PRESENT',
    clock_in_at: ['PRESENT', 'LATE'].includes(status) ? new Date(`${day}T08:00:00Z`) : null,
    clock_out_at: status === 'PRESENT' ? new Date(`${day}T16:30:30Z`) : null,
  }));
  await tenant.session.write((trx) => trx.insertInto('attendance').values(rows).execute());
}

/** From and to on one day in November 2026, by the hour in UTC. */
export function hours(from: number, to: number, day = 23): { startsAt: string; endsAt: string } {
  const at = (hour: number) => new Date(Date.UTC(2026, 10, day, hour)).toISOString();
  return { startsAt: at(from), endsAt: at(to) };
}

/** A vacant shift of acme, from 8 to 16 unless said otherwise. */
export async function vacantShift(world: World, span: object = hours(8, 16), site: 'here' | 'elsewhere' = 'here') {
  const { manager } = world.acme.people;
  const { shift } = await createShift(world, manager, { siteId: siteOf(world.acme, site), ...span });
  return { id: shift.id as string, version: 1 };
}

export const december = { startsOn: '2026-12-21', endsOn: '2026-12-31' };

/** A pending request of acme for the end of December, of somebody new. */
export async function pendingLeave(world: World, siteId: string = world.acme.sites.here) {
  const person = await addPerson(world.acme, { siteId });
  const { leaveRequest } = await requestLeave(world, person, december);
  return { person, input: { id: leaveRequest.id as string, version: 1 } };
}
