import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { countStatements } from '../support/count-statements.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
const crowd = 20_000;

beforeAll(async () => {
  world = await createWorld();
  const { acme } = world;
  await world.database.owner.query(
    `INSERT INTO people (tenant_id, id, name, email, username, site_id)
     SELECT $1, gen_random_uuid(), initcap(md5(i::text)), 'p' || i || '@crowd.test', 'p' || i, $2
       FROM generate_series(1, ${crowd}) AS i`,
    [acme.id, acme.sites.elsewhere],
  );
  const named = [
    { name: 'Zoë Quartermain', email: 'zoe@acme.test', username: 'zoe' },
    { name: 'Quartermain Zorro', email: 'q@acme.test', username: 'zorro' },
    { name: 'Percy 100%_Pure', email: 'percy@acme.test', username: 'percy' },
    { name: 'Back\\slash', email: 'back@acme.test', username: 'back' },
    { name: 'Yo Ng', email: 'ng@acme.test', username: 'ng' },
  ];
  await acme.session.write((trx) =>
    trx
      .insertInto('people')
      .values(named.map((row) => ({ id: newId(), ...row, site_id: acme.sites.here })))
      .execute(),
  );
  await world.database.owner.query('VACUUM ANALYZE people');
});
afterAll(() => world.close());

const search = 'query ($query: String!, $first: Int) { searchPeople(query: $query, first: $first) { name } }';
async function find(query: string, options: { first?: number; token?: string } = {}): Promise<string[]> {
  const { token = world.acme.people.admin.token, first } = options;
  const { data, errors } = await world.ask(token, search, { variables: { query, first } });
  expect(errors).toBeUndefined();
  return data.searchPeople.map(({ name }: { name: string }) => name);
}

describe('searchPeople', () => {
  it('finds parts of names, e-mails and usernames in any case, every word somewhere', async () => {
    expect(await find('QUARTERM')).toEqual(['Zoë Quartermain', 'Quartermain Zorro']);
    expect(await find('q@acme')).toEqual(['Quartermain Zorro']);
    expect(await find('zorro main')).toEqual(['Quartermain Zorro']);
    expect(await find('  zoë   quart ')).toEqual(['Zoë Quartermain']);
    expect(await find('nobodyatall')).toEqual([]);
  });

  it('finds a word of two letters at the start of words', async () => {
    expect(await find('yo')).toEqual(['Yo Ng']);
    expect(await find('ng')).toContain('Yo Ng');
    expect(await find('ng')).not.toContain('Zoë Quartermain');
  });

  it('puts the most alike first', async () => {
    const { rows } = await world.database.owner.query(`SELECT name FROM people WHERE username = 'p123'`);
    const found = await find('p123', { first: 50 });
    expect(found.length).toBeGreaterThan(10); // p123, p1230 to p1239, p12300 …
    expect(found[0]).toBe(rows[0].name);
  });

  it('takes %, _ and \\ for what they are', async () => {
    expect(await find('100%')).toEqual(['Percy 100%_Pure']);
    expect(await find('%_Pure')).toEqual(['Percy 100%_Pure']);
    expect(await find('10_%')).toEqual([]);
    expect(await find('%%')).toEqual([]);
    expect(await find('ck\\sl')).toEqual(['Back\\slash']);
  });

  it('answers as many as asked for, 10 where nothing is said', async () => {
    expect(await find('crowd.test')).toHaveLength(10);
    expect(await find('crowd.test', { first: 50 })).toHaveLength(50);
    expect(await find('crowd.test', { first: 1 })).toHaveLength(1);
  });

  it('names the argument that is wrong', async () => {
    const { token } = world.acme.people.admin;
    for (const [variables, field] of [
      [{ query: ' a ' }, 'query'],
      [{ query: 'a'.repeat(201) }, 'query'],
      [{ query: 'abc', first: 0 }, 'first'],
      [{ query: 'abc', first: 51 }, 'first'],
    ] as const) {
      const { errors } = await world.ask(token, search, { variables });
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', fields: [{ field }] } }]);
    }
  });

  it('finds only whom people:read reaches, and nobody of another tenant', async () => {
    const { agent, member } = world.acme.people;
    expect(await find('crowd.test', { token: agent.token })).toEqual([]);
    expect(await find('quarter', { token: agent.token })).toHaveLength(2);
    expect(await find('acme.test', { token: member.token })).toEqual(['member of acme']);
    expect(await find('quarter', { token: world.globex.people.admin.token })).toEqual([]);
  });

  it('is answered by the trigram index, below row-level security, for long words and short ones', async () => {
    const { statements } = await countStatements(() => find('quartermain'));
    const statement = statements.find((text) => text.includes('search_people')) ?? '';
    for (const pattern of ['%quartermain%', '% ng%']) {
      const plan = await planWithin(statement, [pattern]);
      expect(plan).toContain('Bitmap Index Scan on people_search');
      expect(plan).not.toMatch(/Seq Scan on people\b/);
    }
  });
});

/**
 * The plans of a statement and of the functions it calls, as Postgres ran them for the application's role: EXPLAIN by
 * itself does not look into a function.
 */
async function planWithin(statement: string, patterns: string[]): Promise<string> {
  const client = new pg.Client(world.database.url);
  const notices: string[] = [];
  client.on('notice', ({ message }) => notices.push(message ?? ''));
  await client.connect();
  try {
    await client.query(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0;
      SET auto_explain.log_nested_statements = on; SET client_min_messages = log; SET ROLE freshfield_app`);
    await client.query(`SELECT set_config('app.tenant', '${world.acme.id}', false)`);
    // The first parameter is the patterns; the others are the tenant, the query for the ranking and the limit.
    const parameters = [...statement.matchAll(/\$(\d+)/g)].length;
    const values = [patterns, ...Array.from({ length: parameters - 1 }, () => null)];
    await client.query(
      statement,
      values.map((value, index) => value ?? substitute(statement, index + 1)),
    );
  } finally {
    await client.end();
  }
  return notices.join('\n');
}

/** A value of the right type for a parameter that does not decide the plan of the search. */
function substitute(statement: string, position: number): unknown {
  if (new RegExp(`limit \\$${position}\\b`).test(statement)) return 10;
  if (new RegExp(`"tenant_id" = \\$${position}\\b`).test(statement)) return world.acme.id;
  return 'quartermain';
}
