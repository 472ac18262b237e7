import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;

beforeAll(async () => {
  world = await createWorld();
  await world.acme.session.write((trx) =>
    trx
      .insertInto('assets')
      .values(['lamp', 'desk'].map((name) => ({ id: newId(), name, tag: name, site_id: world.acme.sites.here })))
      .execute(),
  );
});
afterAll(() => world.close());

/** Whole, as those get it who take no parts. */
async function whole(query: string) {
  const { data, errors } = await world.ask(world.acme.people.admin.token, query);
  return { data, errors };
}

const plain = (query: string) => query.replaceAll(/@(defer|stream)(\([^)]*\))?/g, '');
describe('the whole of an answer in parts is the answer without them', () => {
  it.each([
    ['a list in both', '{ sites { code } ... @defer { sites { name } } }'],
    ['a connection in both', '{ assets { edges { node { tag } } } ... @defer { assets { edges { node { name } } } } }'],
    ['an alias "constructor"', '{ constructor: tenant { id ... @defer { name } } }'],
    ['an alias "prototype"', '{ prototype: tenant { id ... @defer { name } } }'],
    ['an alias "__proto__"', '{ sites { code } ... @defer { __proto__: tenant { id ... @defer { name } } } }'],
    [
      'a stream in a defer',
      '{ tenant { id } ... @defer { sites @stream(initialCount: 1) { code ... @defer { name } } } }',
    ],
  ])('%s', async (_, query) => {
    const inParts = await whole(query);
    expect(inParts.errors).toBeUndefined();
    expect(JSON.stringify(sorted(inParts.data))).toBe(JSON.stringify(sorted((await whole(plain(query))).data)));
    expect(JSON.stringify(sorted((await whole(query)).data))).toBe(JSON.stringify(sorted(inParts.data)));
    expect(({} as any).id).toBeUndefined();
  });
});

function sorted(value: any): any {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.keys(value)
    .toSorted()
    .map((key) => [key, sorted(Object.getOwnPropertyDescriptor(value, key)?.value)]);
}
