import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../src/graphql/global-id.ts';
import { newId } from '../src/ids.ts';
import { findViolations } from './support/architecture.ts';
import { clonePage, type PageClone } from './support/page-clone.ts';
import { send } from './support/send.ts';
import { createWorld, testTokens, type Role, type TestTenant, type World } from './support/world.ts';

// docs/adding-a-type.md, done word by word in a copy of the sources, on a database that has tenants already.
let world: World;
let clone: PageClone;
let server: Awaited<ReturnType<PageClone['serve']>>;
let env: Record<string, string>;
let migrated: ReturnType<PageClone['run']>;

beforeAll(async () => {
  world = await createWorld();
  clone = clonePage('docs/adding-a-type.md');
  env = { DATABASE_URL: world.database.url, JWT_SECRET: testTokens.secret ?? '', PORT: '0', LOG_LEVEL: 'info' };
  migrated = clone.run('freshfield', ['migrate'], env);
  server = await clone.serve(env);
}, 120_000);
afterAll(async () => {
  await server?.stop();
  clone?.remove();
  await world?.close();
});

async function ask(role: Role, query: string, tenant: TestTenant = world.acme) {
  const { headers, json } = await send(server.baseUrl, {
    headers: { 'content-type': 'application/json', authorization: `Bearer ${tenant.people[role].token}` },
    body: JSON.stringify({ query }),
  });
  const statements = Number(/desc="(\d+) statement/.exec(String(headers['server-timing']))?.[1]);
  return { ...json, cache: json.extensions?.cache, statements };
}

const siteId = (where: 'here' | 'elsewhere') => encodeGlobalId('Site', world.acme.sites[where]);
const post = (where: 'here' | 'elsewhere', title: string) =>
  ask(
    'manager',
    `mutation { postAnnouncement(input: { siteId: "${siteId(where)}", title: "${title}", body: "." }) {
       __typename
       ... on PostAnnouncementPayload { announcement { id title site { name } } }
       ... on ValidationError { fields { field message } }
     } }`,
  );
/** As somebody in psql. */
const insert = (where: 'here' | 'elsewhere', title: string) =>
  world.database.owner.query(
    'INSERT INTO announcements (tenant_id, id, site_id, author_id, title, body) VALUES ($1, $2, $3, $4, $5, $6)',
    [world.acme.id, newId(), world.acme.sites[where], world.acme.people.admin.id, title, '.'],
  );

describe('the sources with the page applied', () => {
  it('compile, and keep the rules of the house', { timeout: 120_000 }, () => {
    const src = join(clone.folder, 'src');
    const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(ts|sql)$/.test(path) && !path.startsWith('generated'))
      .map((path) => ({ path, text: readFileSync(join(src, path), 'utf8') }));
    expect(sources.map(({ path }) => path)).toContain('modules/announcements/schema.ts');
    expect(findViolations(sources)).toEqual([]);
    const formatted = clone.added.filter((path) => path.endsWith('.ts'));
    expect(clone.run('oxfmt', ['--check', ...formatted])).toMatchObject({ status: 0 });
    expect(clone.run('oxlint', ['--deny-warnings', ...formatted])).toMatchObject({ status: 0 });
    expect(clone.run('tsc', ['--noEmit'])).toEqual({ status: 0, output: '' });
  });

  it('have a cache policy and triggers that are in order', () => {
    expect(migrated).toMatchObject({ status: 0, output: expect.stringContaining('announcements') });
    const checked = clone.run('freshfield', ['check', '--database'], env);
    expect(checked).toEqual({ status: 0, output: 'Nothing was found.\n' });
  });
});

describe('announcements, with no line of code for the cache', () => {
  const list = '{ announcements(first: 5) { totalCount edges { node { title site { name } } } } }';
  const titles = (answer: any) => answer.data.announcements.edges.map(({ node }: any) => node.title);

  it('are kept, and made anew after a mutation and after psql, but not for what happens elsewhere', async () => {
    expect((await ask('agent', list)).cache.status).toBe('MISS');
    expect(await ask('agent', list)).toMatchObject({ cache: { status: 'HIT' }, statements: 0 });

    const posted = await post('here', 'Fire drill');
    expect(posted.data.postAnnouncement.announcement).toMatchObject({ title: 'Fire drill', site: { name: 'Here' } });
    expect(posted.cache).toMatchObject({ changed: [{ type: 'announcement', count: 1 }] });
    const anew = await ask('agent', list);
    expect(anew.cache.reason).toContain('changed: announcement');
    expect(titles(anew)[0]).toBe('Fire drill');

    await insert('here', 'Lift out of order');
    expect(titles(await ask('agent', list))[0]).toBe('Lift out of order');
    expect((await ask('agent', list)).cache.status).toBe('HIT');
    await post('elsewhere', 'Not for them');
    const still = await ask('agent', list);
    expect(still.cache.status).toBe('HIT');
    expect(titles(still)).not.toContain('Not for them');
  });

  it('are seen by those whose sites they are of, in lists, by id and in counts, and by no other tenant', async () => {
    const { data } = await post('elsewhere', 'For those elsewhere');
    const { id } = data.postAnnouncement.announcement;
    const byId = `{ node(id: "${id}") { ... on Announcement { title } } }`;
    expect((await ask('manager', byId)).data.node).toEqual({ title: 'For those elsewhere' });
    expect((await ask('agent', byId)).data.node).toBeNull();
    expect((await ask('admin', byId, world.globex)).data.node).toBeNull();
    expect((await ask('admin', list, world.globex)).data.announcements.totalCount).toBe(0);
    const counts = '{ sites { name announcementCount } }';
    const elsewhere = async (role: Role) =>
      (await ask(role, counts)).data.sites.find(({ name }: any) => name === 'Elsewhere').announcementCount;
    expect(await elsewhere('member')).toBe(0);
    expect(await elsewhere('manager')).toBeGreaterThan(0);
  });

  it('are counted once for different queries, and again when there is one more', async () => {
    const count = async (query: string) => {
      const { data, statements } = await ask('manager', query);
      return { statements, total: data.sites.reduce((sum: number, site: any) => sum + site.announcementCount, 0) };
    };
    await insert('here', 'Counted');
    await ask('manager', '{ viewer { permissions } }'); // whoever asks for the first time is looked up
    const first = await count('{ sites { announcementCount } }');
    const second = await count('{ sites { name announcementCount } }');
    expect([first.statements, second.statements]).toEqual([2, 1]);
    expect(second.total).toBe(first.total);
    await insert('here', 'Counted, too');
    expect((await count('{ sites { name announcementCount } }')).total).toBe(first.total + 1);
  });

  it('are refused to those who may not post, and where the input is wrong, with the field', async () => {
    const wrong = await post('here', ' ');
    expect(wrong.data.postAnnouncement.fields).toEqual([{ field: 'title', message: 'Say what it is about.' }]);
    const input = `{ siteId: "${siteId('here')}", title: "x", body: "y" }`;
    const refused = await ask('agent', `mutation { postAnnouncement(input: ${input}) { ... on Error { message } } }`);
    expect(refused.data.postAnnouncement.message).toMatch(/announcements:write/);
  });

  it('can be purged by the name of their type, and say in GraphiQL how long they are kept', async () => {
    await ask('manager', list);
    const { data } = await ask(
      'admin',
      'mutation { purgeCache(input: { type: "Announcement" }) { ... on PurgeCachePayload { purged { tags } } } }',
    );
    expect(data.purgeCache.purged.tags).toContain('L:announcement');
    expect((await ask('manager', list)).cache.status).toBe('MISS');
    const type = await ask('admin', '{ __type(name: "Query") { fields { name description } } }');
    const field = type.data.__type.fields.find(({ name }: any) => name === 'announcements');
    expect(field.description).toBe(
      'What is announced at the sites you may see, newest first. Kept at most 5 minutes. `@cacheControl(maxAge: 300)`',
    );
  });
});
