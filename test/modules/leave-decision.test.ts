import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { addPerson, grant } from '../support/add-person.ts';
import { countByType, december, decideLeave, pendingLeave, requestLeave } from '../support/workforce.ts';
import { race } from '../support/race.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => void (world = await createWorld()));
afterAll(() => world.close());

describe('decideLeave', () => {
  it.each(['APPROVED', 'DECLINED'])('can be %s, and says who decided, when and why', async (decision) => {
    const { manager } = world.acme.people;
    const { input } = await pendingLeave(world);
    const { leaveRequest } = await decideLeave(world, manager, { ...input, decision, note: ' fine ' });
    expect(leaveRequest).toMatchObject({
      status: decision,
      decidedBy: { id: manager.globalId },
      decidedAt: '2026-11-20T09:00:00.000Z',
      decisionNote: 'fine',
      version: 2,
    });
  });

  it('writes no attendance, and keeps shifts from being assigned', async () => {
    const { manager } = world.acme.people;
    const { person, input } = await pendingLeave(world);
    await decideLeave(world, manager, { ...input, decision: 'APPROVED' });
    const { rowCount } = await world.database.owner.query('SELECT FROM attendance WHERE person_id = $1', [person.id]);
    expect(rowCount).toBe(0);
    const shift = {
      siteId: encodeGlobalId('Site', world.acme.sites.here),
      personId: person.globalId,
      startsAt: '2026-12-22T08:00:00Z',
      endsAt: '2026-12-22T16:00:00Z',
    };
    const create = 'mutation ($input: CreateShiftInput!) { createShift(input: $input) { __typename } }';
    const { data } = await world.ask(manager.token, create, { variables: { input: shift } });
    expect(data.createShift.__typename).toBe('ConflictError');
  });

  it('decides once: a stale version and a decided request are refused', async () => {
    const { manager, admin } = world.acme.people;
    const { input } = await pendingLeave(world);
    const stale = await decideLeave(world, manager, { ...input, version: 7, decision: 'APPROVED' });
    expect(stale).toMatchObject({ __typename: 'ConflictError', currentVersion: 1 });
    await decideLeave(world, manager, { ...input, decision: 'APPROVED' });
    const again = await decideLeave(world, admin, { ...input, version: 2, decision: 'DECLINED' });
    expect(again).toMatchObject({ __typename: 'ConflictError', currentVersion: 2 });
    expect(again.message).toContain('APPROVED');
  });

  it('lets one of ten win when all decide at once', async () => {
    const { manager } = world.acme.people;
    const { input } = await pendingLeave(world);
    const answers = await race(
      world,
      'leave_requests',
      Array.from(
        { length: 10 },
        (_, index) => () => decideLeave(world, manager, { ...input, decision: index % 2 ? 'APPROVED' : 'DECLINED' }),
      ),
    );
    expect(countByType(answers)).toEqual({ DecideLeavePayload: 1, ConflictError: 9 });
  });

  it("is not for one's own request, whatever the permission", async () => {
    const chief = await addPerson(world.acme, { role: 'admin' });
    const { leaveRequest } = await requestLeave(world, chief, december);
    const input = { id: leaveRequest.id, version: 1, decision: 'APPROVED' };
    expect((await decideLeave(world, chief, input)).__typename).toBe('ForbiddenError');
    expect((await decideLeave(world, world.acme.people.manager, input)).__typename).toBe('DecideLeavePayload');
  });

  it('is for those with the permission, within its reach', async () => {
    const { agent, member } = world.acme.people;
    const [near, far] = [await pendingLeave(world), await pendingLeave(world, world.acme.sites.elsewhere)];
    const decision = 'APPROVED';
    for (const viewer of [agent, member]) {
      expect((await decideLeave(world, viewer, { ...near.input, decision })).__typename).toBe('ForbiddenError');
    }
    expect((await decideLeave(world, world.globex.people.admin, { ...near.input, decision })).__typename).toBe(
      'NotFoundError',
    );
    const leader = await addPerson(world.acme, { role: 'agent' });
    await grant(world.acme, { person: leader, permission: 'leave:decide', reach: 'sites' });
    expect((await decideLeave(world, leader, { ...far.input, decision })).__typename).toBe('NotFoundError');
    expect((await decideLeave(world, leader, { ...near.input, decision })).__typename).toBe('DecideLeavePayload');
    await grant(world.acme, { person: leader, permission: 'rota:read', reach: 'any' });
    expect((await decideLeave(world, leader, { ...far.input, decision })).__typename).toBe('ForbiddenError');
  });
});
