import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { countStatements } from '../support/count-statements.ts';
import { createWorld, testNow, type World } from '../support/world.ts';

let world: World;
let document: string;

beforeAll(async () => {
  world = await createWorld();
  document = await readFile(new URL('../../schema/operations/person-page.graphql', import.meta.url), 'utf8');
  const { acme } = world;
  const { agent } = acme.people;
  await acme.session.write(async (trx) => {
    await trx.insertInto('team_members').values({ team_id: acme.teamId, person_id: agent.id }).execute();
    const tickets = (['NEW', 'IN_PROGRESS', 'CLOSED'] as const).map((status, index) => ({
      id: newId(),
      number: index + 1,
      title: `${status} ticket`,
      status,
      site_id: acme.sites.here,
      assignee_id: agent.id,
      closed_at: status === 'CLOSED' ? testNow : null,
    }));
    await trx.insertInto('tickets').values(tickets).execute();
    const days = ['2026-11-20', '2026-11-19', '2026-11-14', '2026-11-13']; // the last is eight days ago
    const attendance = days.map((day) => ({ id: newId(), person_id: agent.id, day, status: 'ABSENT' as const }));
    await trx.insertInto('attendance').values(attendance).execute();
  });
});
afterAll(() => world.close());

const page = async (token: string, personId: string) =>
  countStatements(() => world.ask(token, document, { variables: { personId } }));

it("a person's page costs at most six statements, the viewer's included", async () => {
  const { manager, agent } = world.acme.people;
  const { statements, result } = await page(manager.token, agent.globalId);
  expect(result.errors).toBeUndefined();
  expect(result.data.person).toMatchObject({
    name: 'agent of acme',
    site: { name: 'Here' },
    teams: [{ name: 'Service desk' }],
    roles: [{ name: 'Agent' }],
  });
  expect(result.data.recentAttendance.map(({ day }: { day: string }) => day)).toEqual([
    '2026-11-20',
    '2026-11-19',
    '2026-11-14',
  ]);
  const titles = result.data.tickets.edges.map(({ node }: any) => node.title);
  expect(titles.toSorted()).toEqual(['IN_PROGRESS ticket', 'NEW ticket']);
  expect(result.data.tickets.totalCount).toBe(2);
  expect(statements.length, statements.join('\n\n')).toBeLessThanOrEqual(6);
});

it('costs no more for somebody with no ticket and no attendance', async () => {
  const { admin, manager } = world.acme.people;
  const { statements, result } = await page(manager.token, admin.globalId);
  expect(result.data).toMatchObject({ recentAttendance: [], tickets: { totalCount: 0, edges: [] } });
  expect(statements.length, statements.join('\n\n')).toBeLessThanOrEqual(6);
});

it("one's own page costs no more, for each role", async () => {
  for (const { token, globalId } of Object.values(world.acme.people)) {
    const { statements, result } = await page(token, globalId);
    expect(result.errors).toBeUndefined();
    expect(statements.length, statements.join('\n\n')).toBeLessThanOrEqual(6);
  }
});

it('is null, and empty, for a person of another tenant', async () => {
  const { result } = await page(world.globex.people.admin.token, world.acme.people.agent.globalId);
  expect(result.data).toEqual({ person: null, recentAttendance: [], tickets: { totalCount: 0, edges: [] } });
});
