import { afterAll, beforeAll, expect, it } from 'vitest';
import { seedDemo } from '../../src/seed/seed-demo.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const now = new Date('2026-11-20T09:00:00.000Z');

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it('makes the demo tenants once, and leaves them alone from then on', async () => {
  const first = await seedDemo({ operator: database.owner, now });
  expect(first.map(({ slug }) => slug)).toEqual(['acme', 'globex']);
  expect(await seedDemo({ operator: database.owner, now })).toEqual([]);
});
