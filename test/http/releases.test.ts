import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import type { BlobStore } from '../../src/cache/index.ts';
import { builder } from '../../src/graphql/builder.ts';
import { askHttp, type AskHttp } from '../support/ask-http.ts';
import { createWorld, testNow, testTokens, type World } from '../support/world.ts';

/** The older release forgets to ask for the permission; the newer one does not. Their schemas are the same. */
let isMended = false;
builder.queryField('salaries', (t) =>
  t.string({
    description: 'Not for everybody.',
    cacheControl: { maxAge: 3600 },
    resolve: (_root, _args, { viewer }) => {
      if (isMended && !viewer.permissions.has('people:sensitive')) return 'not for you';
      return 'a secret';
    },
  }),
);

let world: World;
const apps: App[] = [];
beforeAll(async () => void (world = await createWorld()));
afterAll(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await world.close();
});

const query = 'query Salaries { salaries }';

describe('nodes of two releases that share a second level', () => {
  const blobs = new Map<string, unknown>();
  const store: BlobStore = { get: (id) => blobs.get(id), set: (id, data) => void blobs.set(id, data) };
  const start = async (codeHash: string): Promise<AskHttp> => {
    const { url: databaseUrl } = world.database;
    const app = createApp({ databaseUrl, tokens: testTokens, now: () => testNow, codeHash, cache: { store } });
    apps.push(app);
    return askHttp(await app.listen(0), world.acme.people.member.token);
  };

  it('share nothing: what a newer one has mended, it answers mended at once', async () => {
    const older = await start('older');
    expect((await older.post({ query })).json.data.salaries).toBe('a secret');
    const again = (await (await start('older')).post({ query })).json;
    expect(again).toMatchObject({
      data: { salaries: 'a secret' },
      extensions: { cache: { status: 'HIT', level: 'L2' } },
    });

    isMended = true;
    const kept = new Set(blobs.keys());
    const newer = await start('newer');
    expect((await newer.post({ query })).json.data.salaries).toBe('not for you');
    // Nor does it believe who people are: the older one may have had other ideas of what to note about them.
    expect(blobs.size).toBeGreaterThanOrEqual(kept.size + 2);
  });
});
