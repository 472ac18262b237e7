import { createApp, type App } from '../../src/app/create-app.ts';
import { demoTokens, type DemoToken } from '../../src/app/demo-tokens.ts';
import type { ServePage } from '../../src/http/front-door.ts';
import { seedDemo } from '../../src/seed/seed-demo.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { testNow, testTokens } from './world.ts';

export interface Demo {
  app: App;
  database: TestDatabase;
  baseUrl: string;
  people: DemoToken[];
  /** A demo person's token. */
  tokenOf(email: string): string;
  close(): Promise<void>;
}

/** The application as a first start has it: the two demo tenants, seeded. */
export async function createDemo(
  options: { servePage?: (people: () => DemoToken[]) => ServePage } = {},
): Promise<Demo> {
  const database = await createTestDatabase();
  await seedDemo({ operator: database.owner, now: testNow });
  const app = createApp({
    databaseUrl: database.url,
    tokens: testTokens,
    now: () => testNow,
    servePage: options.servePage?.(() => people),
  });
  const baseUrl = await app.listen(0);
  const people = await demoTokens({ operator: database.owner, pool: app.pool, tokens: testTokens });
  return {
    app,
    database,
    baseUrl,
    people,
    tokenOf: (email) => people.find((person) => person.email === email)?.token ?? '',
    async close() {
      await app.close();
      await database.drop();
    },
  };
}
