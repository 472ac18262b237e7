import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { askGraphql } from '../support/ask-graphql.ts';
import { openLine, type Line } from '../support/database-line.ts';
import { createWorld, testNow, testTokens, type World } from '../support/world.ts';

let world: World;
let line: Line;
let node: App;
let baseUrl: string;
beforeAll(async () => {
  world = await createWorld();
  line = await openLine(new URL(world.database.url));
  node = createApp({ databaseUrl: line.url, tokens: testTokens, now: () => testNow });
  baseUrl = await node.listen(0);
});
afterEach(() => line.mend());
afterAll(async () => {
  await node.close();
  await line.close();
  await world.close();
});

/** Sends the head of a request at once; its body when it is told to. Answers the status. */
function holdBack(token: string, query: string) {
  const { hostname, port } = new URL(baseUrl);
  const body = JSON.stringify({ query });
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  const sent = request({ hostname, port, path: '/graphql', method: 'POST', headers, agent: false });
  const status = new Promise<number | undefined>((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    });
  });
  sent.flushHeaders();
  return { status, goOn: () => void sent.end(body) };
}

it.each([
  'mutation { upsertChoice(input: { kind: JOB_TYPE, key: "held-back", label: "Held back" }) { __typename } }',
  '{ people(first: 1) { totalCount } }',
])('who is let in while the database is away, and goes on when it is back, may do nothing: %s', async (query) => {
  const { token, id } = world.globex.people.manager;
  const ask = askGraphql(baseUrl);
  await expect.poll(async () => (await ask(token, '{ sites { name } }')).status).toBe(200);
  const isLetIn = new Promise<void>((done) => {
    node.events.subscribe(({ type }) => void (type === 'stale-served' && done()));
  });
  line.break('refuses');
  const held = holdBack(token, query);
  await Promise.race([isLetIn, held.status]);
  const revoked = await world.database.owner.query('DELETE FROM person_roles WHERE person_id = $1 RETURNING *', [id]);
  line.mend();
  await expect.poll(async () => (await ask(token, '{ sites { name } }')).status).toBe(200);
  held.goOn();
  try {
    expect(await held.status).toBe(503);
    expect((await world.database.owner.query(`SELECT FROM choices WHERE key = 'held-back'`)).rowCount).toBe(0);
  } finally {
    const [{ tenant_id: tenantId, role_id: roleId }] = revoked.rows;
    await world.database.owner.query('INSERT INTO person_roles (tenant_id, person_id, role_id) VALUES ($1, $2, $3)', [
      tenantId,
      id,
      roleId,
    ]);
  }
});
