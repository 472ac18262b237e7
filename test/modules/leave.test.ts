import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { addPerson } from '../support/add-person.ts';
import { countStatements } from '../support/count-statements.ts';
import { countByType, december, decideLeave, leaveFields, pendingLeave, requestLeave } from '../support/workforce.ts';
import { race } from '../support/race.ts';
import { createWorld, type Person, type World } from '../support/world.ts';

let world: World;
let holiday: string;
let retired: string;
let notLeave: string;
beforeAll(async () => {
  world = await createWorld();
  const choices = [
    { id: newId(), kind: 'LEAVE_TYPE' as const, key: 'holiday', label: 'Holiday' },
    { id: newId(), kind: 'LEAVE_TYPE' as const, key: 'retired', label: 'Retired', active: false },
    { id: newId(), kind: 'JOB_TYPE' as const, key: 'round', label: 'Round' },
  ];
  await world.acme.session.write((trx) => trx.insertInto('choices').values(choices).execute());
  [holiday, retired, notLeave] = choices.map(({ id }) => encodeGlobalId('Choice', id)) as [string, string, string];
});
afterAll(() => world.close());

describe('requestLeave', () => {
  it('asks for oneself, in calendar days', async () => {
    const person = await addPerson(world.acme);
    const { leaveRequest } = await requestLeave(world, person, { ...december, typeId: holiday, reason: ' family ' });
    expect(leaveRequest).toMatchObject({
      person: { id: person.globalId },
      type: { key: 'holiday' },
      ...december,
      days: 11,
      reason: 'family',
      status: 'PENDING',
      decidedBy: null,
      decidedAt: null,
      version: 1,
    });
  });

  it.each([
    { startsOn: '2026-03-28', endsOn: '2026-03-30', days: 3 },
    { startsOn: '2026-10-24', endsOn: '2026-10-26', days: 3 },
    { startsOn: '2028-02-28', endsOn: '2028-03-01', days: 3 },
    { startsOn: '2026-11-20', endsOn: '2026-11-20', days: 1 },
  ])('counts $days days from $startsOn to $endsOn, whatever the clocks do', async ({ days, ...span }) => {
    expect((await requestLeave(world, await addPerson(world.acme), span)).leaveRequest.days).toBe(days);
  });

  it('refuses days that are asked for or granted already, and names them', async () => {
    const { manager } = world.acme.people;
    const { person, input } = await pendingLeave(world);
    const touching = { startsOn: '2026-12-31', endsOn: '2027-01-05' };
    const refused = await requestLeave(world, person, touching);
    expect(refused.__typename).toBe('ConflictError');
    expect(refused.message).toContain('2026-12-21 to 2026-12-31 (PENDING)');
    await decideLeave(world, manager, { ...input, decision: 'APPROVED' });
    expect((await requestLeave(world, person, touching)).message).toContain('APPROVED');
    expect((await requestLeave(world, person, { startsOn: '2027-01-01', endsOn: '2027-01-05' })).__typename).toBe(
      'RequestLeavePayload',
    );
  });

  it('accepts days that were declined before', async () => {
    const { person, input } = await pendingLeave(world);
    await decideLeave(world, world.acme.people.manager, { ...input, decision: 'DECLINED' });
    expect((await requestLeave(world, person, december)).__typename).toBe('RequestLeavePayload');
  });

  it('lets one of ten win when all ask at once', async () => {
    const person = await addPerson(world.acme);
    const answers = await race(
      world,
      'leave_requests',
      Array.from({ length: 10 }, () => () => requestLeave(world, person, december)),
    );
    expect(countByType(answers)).toEqual({ RequestLeavePayload: 1, ConflictError: 9 });
  });

  it('refuses by the name of the field what it cannot take', async () => {
    const person = await addPerson(world.acme);
    for (const [field, wrong] of [
      ['endsOn', { endsOn: '2026-12-20' }],
      ['endsOn', { endsOn: '2027-12-22' }],
      ['startsOn', { startsOn: '0000-01-01' }],
      ['typeId', { typeId: notLeave }],
      ['typeId', { typeId: retired }],
      ['typeId', { typeId: encodeGlobalId('Choice', newId()) }],
      ['typeId', { typeId: person.globalId }],
      ['reason', { reason: 'x'.repeat(2001) }],
    ] as const) {
      const answer = await requestLeave(world, person, { ...december, ...wrong });
      expect(answer.fields?.[0]?.field, JSON.stringify(wrong)).toBe(field);
    }
    const foreign = await requestLeave(world, world.globex.people.member, { ...december, typeId: holiday });
    expect(foreign.fields).toMatchObject([{ field: 'typeId' }]);
  });
});

describe('leaveRequests', () => {
  const list = `query ($first: Int, $after: String, $filter: LeaveRequestFilter) {
    leaveRequests(first: $first, after: $after, filter: $filter) {
      totalCount
      pageInfo { endCursor hasNextPage }
      edges { node ${leaveFields} }
    }
  }`;
  const ask = async (person: Person, variables: Record<string, unknown> = {}) => {
    const { data, errors } = await world.ask(person.token, list, { variables });
    expect(errors).toBeUndefined();
    return data.leaveRequests;
  };

  /** Three requests of one person: in January, February (declined) and March 2027. */
  async function addThree(siteId: string = world.acme.sites.here) {
    const person = await addPerson(world.acme, { siteId });
    for (const month of ['01', '02', '03']) {
      const { leaveRequest } = await requestLeave(world, person, {
        startsOn: `2027-${month}-10`,
        endsOn: `2027-${month}-20`,
        typeId: holiday,
      });
      if (month !== '02') continue;
      await decideLeave(world, world.acme.people.manager, { id: leaveRequest.id, version: 1, decision: 'DECLINED' });
    }
    return person;
  }

  it('lists them, the latest first day first, page by page', async () => {
    const { manager } = world.acme.people;
    const filter = { personId: [(await addThree()).globalId] };
    const first = await ask(manager, { first: 2, filter });
    const next = await ask(manager, { first: 2, after: first.pageInfo.endCursor, filter });
    const days = [...first.edges, ...next.edges].map(({ node }: any) => node.startsOn);
    expect(days).toEqual(['2027-03-10', '2027-02-10', '2027-01-10']);
    expect([first.totalCount, next.totalCount, next.pageInfo.hasNextPage]).toEqual([3, 3, false]);
  });

  it('filters by person, status and the days away, in whatever part', async () => {
    const { manager } = world.acme.people;
    const personId = [(await addThree()).globalId];
    const total = async (filter: object) => (await ask(manager, { filter: { personId, ...filter } })).totalCount;
    expect(await total({ status: ['PENDING'] })).toBe(2);
    expect(await total({ status: ['DECLINED', 'APPROVED'] })).toBe(1);
    expect(await total({ from: '2027-02-20' })).toBe(2);
    expect(await total({ from: '2027-02-21' })).toBe(1);
    expect(await total({ to: '2027-02-10' })).toBe(2);
    expect(await total({ to: '2027-02-09' })).toBe(1);
    expect(await total({ from: '2027-02-15', to: '2027-02-15' })).toBe(1);
  });

  it('shows each role what it reaches', async () => {
    const { admin, agent, member } = world.acme.people;
    const [near, far] = [await addThree(), await addThree(world.acme.sites.elsewhere)];
    const filter = { personId: [near.globalId, far.globalId] };
    const total = async (person: Person) => (await ask(person, { filter })).totalCount;
    expect(await total(admin)).toBe(6);
    expect(await total(agent)).toBe(3);
    expect(await total(far)).toBe(3);
    expect(await total(member)).toBe(0);
    expect(await total(world.globex.people.admin)).toBe(0);
    const { id } = (await ask(far)).edges[0].node;
    const look = async ({ token }: Person) =>
      (await world.ask(token, 'query ($id: ID!) { node(id: $id) { id } }', { variables: { id } })).data.node;
    expect(await look(admin)).toEqual({ id });
    expect(await look(far)).toEqual({ id });
    for (const person of [agent, member, world.globex.people.admin]) expect(await look(person)).toBeNull();
  });

  it('costs 4 statements with the people and types of each', async () => {
    await Promise.all([addThree(), addThree()]);
    const { result, statements } = await countStatements(() => ask(world.acme.people.admin, { first: 100 }));
    expect(result.edges.length).toBeGreaterThanOrEqual(6);
    expect(statements.length, statements.join('\n')).toBeLessThanOrEqual(4);
  });

  it('refuses by the name of the field what it cannot answer', async () => {
    for (const [field, variables] of [
      ['filter.to', { filter: { from: '2026-01-02', to: '2026-01-01' } }],
      ['filter.personId.0', { filter: { personId: [holiday] } }],
      ['after', { after: Buffer.from(JSON.stringify(['start', '2026-02-30', newId()])).toString('base64url') }],
    ] as const) {
      const { errors } = await world.ask(world.acme.people.admin.token, list, { variables });
      expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', fields: [{ field }] } });
    }
  });
});
