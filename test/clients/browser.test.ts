import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { builder } from '../../src/graphql/builder.ts';
import type { ServePage } from '../../src/http/front-door.ts';
import { chromiumPath, openBrowser } from '../support/browser.ts';
import { changeTicket, insertTickets, ticketId } from '../support/tickets.ts';
import { createWorld, testNow, testTokens, type World } from '../support/world.ts';

builder.queryFields((t) => ({
  keptMotto: t.string({
    description: 'Of a tenant; its own clients may keep it for a minute.',
    cacheControl: { maxAge: 300, clientMaxAge: 60 },
    resolve: (_root, _args, { viewer }) => viewer.tenantId,
  }),
}));

describe.skipIf(!chromiumPath)('the cache of a browser', { timeout: 60_000 }, () => {
  let world: World;
  let app: App;
  let browser: Browser;
  let page: Page;
  /** What reached the server. */
  const seen: { ifNoneMatch: string | undefined; status: number }[] = [];

  beforeAll(async () => {
    world = await createWorld();
    const servePage: ServePage = (_request, response) => {
      response.setHeader('Content-Security-Policy', "default-src 'self'").end('a page');
      return true;
    };
    app = createApp({ databaseUrl: world.database.url, tokens: testTokens, now: () => testNow, servePage });
    app.server.on('request', ({ url = '', headers }, response) => {
      if (!url.startsWith('/graphql?')) return;
      response.once('finish', () => {
        seen.push({ ifNoneMatch: headers['if-none-match'], status: response.statusCode });
      });
    });
    browser = await openBrowser();
    page = await browser.newPage();
    await page.goto(await app.listen(0));
  });
  afterAll(async () => {
    await browser.close();
    await app.close();
    await world.close();
  });
  beforeEach(() => {
    seen.length = 0;
  });

  /** Asked by the page with its own `fetch`, by GET. */
  const ask = (query: string, token = world.acme.people.admin.token): Promise<any> =>
    page.evaluate(
      `fetch('/graphql?' + new URLSearchParams({ query: ${JSON.stringify(query)} }), {
        headers: { authorization: 'Bearer ${token}' },
      }).then((response) => response.json())`,
    );

  it('asks about what it has, is told that it still holds, and gets the new answer after a change', async () => {
    const [id = ''] = await insertTickets(world.acme, [{ title: 'Before' }]);
    const query = `query Title { ticket(id: "${ticketId(id)}") { title } }`;
    const first = await ask(query);
    expect(await ask(query)).toEqual(first);
    expect(seen).toMatchObject([
      { ifNoneMatch: undefined, status: 200 },
      { ifNoneMatch: expect.stringMatching(/^"/), status: 304 },
    ]);
    await changeTicket(world, 'admin', 'updateTicket', { id: ticketId(id), version: 1, title: 'After' });
    expect((await ask(query)).data.ticket.title).toBe('After');
    expect(seen.at(-1)).toMatchObject({ ifNoneMatch: expect.any(String), status: 200 });
  });

  it('gives nobody what somebody else has asked for in the same browser', async () => {
    const query = 'query Me { viewer { person { name } tenant { slug } } }';
    const { acme, globex } = world;
    for (const { slug, people } of [acme, globex, acme]) {
      for (const role of ['admin', 'member'] as const) {
        const { data } = await ask(query, people[role].token);
        expect(data.viewer).toEqual({ person: { name: `${role} of ${slug}` }, tenant: { slug } });
      }
    }
    expect(seen.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(seen.filter(({ ifNoneMatch }) => ifNoneMatch)).toHaveLength(5); // it knows those of the others
  });

  it('does not ask at all where the schema says so, and then too only for one viewer', async () => {
    const query = 'query Kept { keptMotto }';
    const { acme, globex } = world;
    expect((await ask(query)).data.keptMotto).toBe(acme.id);
    expect((await ask(query)).data.keptMotto).toBe(acme.id);
    expect(seen).toHaveLength(1);
    expect((await ask(query, globex.people.admin.token)).data.keptMotto).toBe(globex.id);
    expect(seen).toHaveLength(2);
  });

  it('keeps no errors', async () => {
    const query = 'query Half { sites { name } node(id: "nonsense") { id } }';
    for (let run = 0; run < 2; run += 1) expect((await ask(query)).errors).toHaveLength(1);
    expect(seen).toMatchObject([{ ifNoneMatch: undefined }, { ifNoneMatch: undefined }]);
  });
});
