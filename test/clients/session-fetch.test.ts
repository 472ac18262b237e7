import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { createSessionFetch } from './session-fetch.ts';

it('sends back the newest token it was given, whatever order answers come in', async () => {
  const tokens = ['7', null, '12', '9'];
  const sent: (string | null)[] = [];
  const session = createSessionFetch(async (_input, init) => {
    sent.push(new Headers(init?.headers).get('x-cache-token'));
    const token = tokens.shift();
    return new Response('{}', { headers: token ? { 'x-cache-token': token } : {} });
  });
  for (let run = 0; run < 5; run += 1) await session('http://localhost/', { headers: { accept: 'a' } });
  expect(sent).toEqual([null, '7', '7', '12', '12']);
});

it('is the one that docs/clients.md shows', async () => {
  const [page, code] = await Promise.all([
    readFile(new URL('../../docs/clients.md', import.meta.url), 'utf8'),
    readFile(new URL('session-fetch.ts', import.meta.url), 'utf8'),
  ]);
  expect(page).toContain(`\`\`\`ts\n${code.slice(code.indexOf('export '))}\`\`\``);
});
