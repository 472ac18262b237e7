import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { newId } from '../../src/ids.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createWorld, testNow, testTokens, type World } from '../support/world.ts';

let world: World;
/** So far behind that it holds nothing yet. */
let replica: TestDatabase;
let node: App;
let baseUrl: string;

beforeAll(async () => {
  world = await createWorld();
  replica = await createTestDatabase();
  const { url } = world.database;
  node = createApp({ databaseUrl: url, replicaUrl: replica.url, tokens: testTokens, now: () => testNow });
  baseUrl = await node.listen(0);
});
afterAll(async () => {
  await node.close();
  await replica.drop();
  await world.close();
});

it.each([
  ['is kept', '{ sites { name } }'],
  ['has errors, and so is not kept', '{ sites { name } attendanceSummary(year: 2026, month: 13) { __typename } }'],
])('an answer that %s is never from a replica that is behind', async (_, query) => {
  expect(await ask(baseUrl, query)).toMatchObject({ data: { sites: [{ name: 'Elsewhere' }, { name: 'Here' }] } });
});

it('an answer is from a replica that has all of the log, unless a table was emptied that it still has', async () => {
  await addCustomer('Ann');
  const copied = await copyOf(world.database);
  const copy = new pg.Client({ connectionString: copied.href });
  await copy.connect();
  const reader = createApp({
    databaseUrl: world.database.url,
    replicaUrl: copied.href,
    tokens: testTokens,
    now: () => testNow,
  });
  const url = await reader.listen(0);
  const names = async () => {
    const { data } = await ask(url, '{ customers { edges { node { name } } } }');
    return data.customers.edges.map((edge: { node: { name: string } }) => edge.node.name);
  };
  try {
    // To tell it from the other; the log says nothing of that.
    await copy.query(`UPDATE customers SET name = 'Ann of the replica'`);
    await copy.query('DELETE FROM change_log WHERE seq = (SELECT max(seq) FROM change_log)');
    expect(await names()).toEqual(['Ann of the replica']);
    await world.database.owner.query('TRUNCATE customers CASCADE');
    expect(await names()).toEqual([]);
    await addCustomer('Bea');
    expect(await names()).toEqual(['Bea']);
  } finally {
    await reader.close();
    await copy.end();
  }
});

async function ask(url: string, query: string): Promise<any> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${world.acme.people.admin.token}` },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

async function addCustomer(name: string): Promise<void> {
  const insert = 'INSERT INTO customers (tenant_id, id, name) VALUES ($1, $2, $3)';
  await world.database.owner.query(insert, [world.acme.id, newId(), name]);
}

/** As a replica that stops following is from then on. */
async function copyOf({ url }: TestDatabase): Promise<URL> {
  const [original, copy, postgres] = [new URL(url), new URL(url), new URL(url)];
  copy.pathname = `/replica_${randomUUID().replaceAll('-', '')}`;
  postgres.pathname = '/postgres';
  const [from, to] = [original, copy].map(({ pathname }) => pathname.slice(1));
  const admin = new pg.Client({ connectionString: postgres.href });
  await admin.connect();
  // Only what nobody is connected to can be copied; pools connect again.
  await admin.query('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1', [from]);
  await admin.query(`CREATE DATABASE ${to} TEMPLATE ${from}`);
  await admin.end();
  return copy;
}
