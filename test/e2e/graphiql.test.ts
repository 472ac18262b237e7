import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import type { Browser, Page, Response } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGraphiql } from '../../src/http/graphiql/serve-graphiql.ts';
import { chromiumPath, openBrowser } from '../support/browser.ts';
import { createDemo, type Demo } from '../support/demo.ts';
import { send } from '../support/send.ts';

let demo: Demo;
beforeAll(async () => {
  demo = await createDemo({ servePage: (people) => createGraphiql({ demoPeople: people }) });
});
afterAll(() => demo.close());

describe.skipIf(!chromiumPath)('in a browser that reaches nothing but this machine', { timeout: 240_000 }, () => {
  let browser: Browser;
  let page: Page;
  const requested: string[] = [];
  const complaints: string[] = [];
  beforeAll(async () => {
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    page.setDefaultTimeout(90_000);
    page.on('request', (request) => requested.push(request.url()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  }, 60_000);
  afterAll(() => browser.close());

  it('shows the numbers of the dashboard to the one you act as, and the schema with its descriptions', async () => {
    await open();
    expect(await page.locator('[role=tab]').first().innerText()).toContain('Dashboard');
    expect(await page.locator('#acting-as option').allInnerTexts()).toEqual([
      ...['admin', 'manager', 'agent', 'member'].map((role) => `${role} of acme`),
      ...['admin', 'manager', 'agent', 'member'].map((role) => `${role} of globex`),
      'a token of your own',
    ]);

    const whole = await runDashboard();
    expect(whole.data.dashboard.tickets.open).toBeGreaterThan(0);
    expect(whole.data.dashboard.attendance.present).toBeGreaterThan(0);
    await expect.poll(() => answerPane()).toContain(`"open": ${whole.data.dashboard.tickets.open}`);

    await actAs('agent@acme.test');
    const ownSites = await runDashboard();
    expect(ownSites.data.dashboard.tickets.open).toBeGreaterThan(0);
    expect(ownSites.data.dashboard.tickets.open).toBeLessThan(whole.data.dashboard.tickets.open);

    await actAs('member@acme.test');
    const refused = await runDashboard();
    expect(refused.errors[0].extensions.code).toBe('FORBIDDEN');
    await expect.poll(() => answerPane()).toContain('FORBIDDEN');

    await page.getByRole('button', { name: /Documentation Explorer/ }).click();
    await page.locator('.graphiql-doc-explorer').getByText('Query', { exact: true }).click();
    await page.getByText('Everything that can be read.').waitFor();
    await page.locator('.graphiql-doc-explorer').getByText('@cacheControl(maxAge: 900').first().waitFor();

    const { host } = new URL(demo.baseUrl);
    const elsewhere = requested.filter((url) => !/^(data|blob):/.test(url) && new URL(url).host !== host);
    expect(elsewhere).toEqual([]);
    expect(requested.length).toBeGreaterThan(8);
    expect(complaints).toEqual([]);
  });

  it('shows another example at the first click, on the first visit too', async () => {
    const visit = await browser.newPage();
    visit.setDefaultTimeout(90_000);
    await visit.goto(`${demo.baseUrl}/graphql`);
    await visit.getByText('dashboard', { exact: true }).first().waitFor();
    for (const name of ['People', 'Viewer']) {
      await visit.getByRole('button', { name, exact: true }).click();
      await expect.poll(() => visit.locator('[role=tab][aria-selected=true]').innerText()).toContain(name);
      await visit.locator('.graphiql-query-editor').getByText(`query ${name}`).first().waitFor();
    }
    await visit.close();
  });

  it('takes a token of your own', async () => {
    await open();
    await page.selectOption('#acting-as', 'token');
    await page.fill('#token', `Bearer ${demo.tokenOf('manager@globex.test')}`);
    await ready(() => page.press('#token', 'Enter'));
    const { data } = await runDashboard();
    expect(data.dashboard.people.active).toBeGreaterThan(0);
  });

  function open() {
    return ready(() => page.goto(`${demo.baseUrl}/graphql`));
  }

  function actAs(email: string) {
    return ready(() => page.selectOption('#acting-as', email));
  }

  /** Loads the page anew and waits until GraphiQL knows the schema and shows the first tab. */
  async function ready(load: () => Promise<unknown>) {
    await Promise.all([page.waitForResponse(asks('query IntrospectionQuery')), load()]);
    await page.locator('.graphiql-query-editor').getByText('dashboard').first().waitFor();
  }

  async function runDashboard(): Promise<any> {
    const answered = page.waitForResponse(asks('query Dashboard'));
    await page.locator('.graphiql-execute-button').click();
    return (await answered).json();
  }

  async function answerPane(): Promise<string> {
    return (await page.locator('.graphiql-response .view-lines').innerText()).replaceAll('\u00a0', ' ');
  }
});

function asks(start: string): (response: Response) => boolean {
  return (response) => response.request().postData()?.startsWith(`{"query":"${start}`) ?? false;
}

const asBrowser = { accept: 'text/html,application/xhtml+xml' };

it('is reachable without a token, under a policy that lets it load its own files only', async () => {
  const { status, headers, text } = await send(demo.baseUrl, { method: 'GET', headers: asBrowser });
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self';");
  expect(headers['cache-control']).toBe('no-store');
  expect(text.match(/(src|href)="(?!\/graphql\/assets\/|data:)[^"]*"/g)).toBeNull();
});

it('still asks for a token before it tells the schema', async () => {
  const body = JSON.stringify({ query: '{ __schema { queryType { name } } }' });
  const { json } = await send(demo.baseUrl, { headers: { 'content-type': 'application/json' }, body });
  expect(json.errors[0].extensions.code).toBe('UNAUTHENTICATED');
  expect(json.data).toBeUndefined();
});

it.each([
  ['under a name that is not this machine', { host: 'freshfield.example' }],
  ['under a name made to point here', { host: 'localhost.example:4000' }],
  ['through a proxy', { host: 'localhost', 'x-forwarded-for': '203.0.113.9' }],
  ['through a proxy that tells only how', { host: 'localhost', 'x-forwarded-proto': 'https' }],
])('hands tokens to nobody who comes %s', async (_who, headers) => {
  const { status, text } = await send(demo.baseUrl, { method: 'GET', headers: { ...asBrowser, ...headers } });
  expect(status).toBe(200);
  expect(text).toContain('"people":[]');
  expect(text).not.toContain('eyJ');
});

it('hands tokens to no proxy that hides itself and speaks HTTP/1.0, as nginx does', async () => {
  const { port } = new URL(demo.baseUrl);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(`GET /graphql HTTP/1.0\r\nHost: 127.0.0.1:${port}\r\nAccept: text/html\r\n\r\n`);
  const answer = await textOf(socket);
  expect(answer).toContain('"people":[]');
  expect(answer).not.toContain('eyJ');
});

it('hands out tokens at home, and none where the server made no demo', async () => {
  const { text } = await send(demo.baseUrl, { method: 'GET', headers: asBrowser });
  expect(text).toContain(demo.tokenOf('member@globex.test'));
  const plain = await createDemo({ servePage: () => createGraphiql() });
  try {
    const page = await send(plain.baseUrl, { method: 'GET', headers: asBrowser });
    expect(page.status).toBe(200);
    expect(page.text).not.toContain('eyJ');
  } finally {
    await plain.close();
  }
});

it('keeps its files in the browser until they change, compressed', async () => {
  const path = '/graphql/assets/graphiql.js';
  const first = await send(demo.baseUrl, { method: 'GET', path, headers: { 'accept-encoding': 'gzip' } });
  expect(first.headers['content-encoding']).toBe('gzip');
  expect(Number(first.headers['content-length'])).toBeLessThan(2_000_000);
  const headers = { 'if-none-match': first.headers.etag ?? '' };
  expect(await send(demo.baseUrl, { method: 'GET', path, headers })).toMatchObject({ status: 304, text: '' });
  expect(await send(demo.baseUrl, { method: 'GET', path: '/graphql/assets/other.js' })).toMatchObject({ status: 404 });
});

it('answers a query in the address instead of the page', async () => {
  const path = `/graphql?query=${encodeURIComponent('{ __typename }')}`;
  const { json } = await send(demo.baseUrl, { method: 'GET', path, headers: { accept: 'application/json' } });
  expect(json).toEqual({ data: { __typename: 'Query' } });
});
