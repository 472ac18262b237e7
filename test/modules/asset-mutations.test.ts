import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { countStatements } from '../support/count-statements.ts';
import { createWorld, testNow, type Role, type World } from '../support/world.ts';

let world: World;
const types = { laptop: newId(), retired: newId(), jobType: newId() };
let tag: string;
beforeAll(async () => {
  world = await createWorld();
  await world.acme.session.write((trx) =>
    trx
      .insertInto('choices')
      .values([
        { id: types.laptop, kind: 'ASSET_TYPE', key: 'laptop', label: 'Laptop' },
        { id: types.retired, kind: 'ASSET_TYPE', key: 'retired', label: 'Retired', active: false },
        { id: types.jobType, kind: 'JOB_TYPE', key: 'round', label: 'Round' },
      ])
      .execute(),
  );
});
beforeEach(() => void (tag = newId()));
afterAll(() => world.close());

const fields = /* GraphQL */ `
  fragment Fields on Asset {
    id
    name
    tag
    serialNumber
    status
    type {
      label
    }
    site {
      name
    }
    holder {
      name
    }
    purchasedOn
    createdAt
    updatedAt
    version
  }
  fragment Problem on Error {
    __typename
    message
    ... on ValidationError {
      fields {
        field
        message
      }
    }
    ... on ConflictError {
      currentVersion
    }
  }
`;
const createDocument = /* GraphQL */ `
  mutation ($input: CreateAssetInput!) {
    createAsset(input: $input) {
      ... on CreateAssetPayload {
        asset {
          ...Fields
        }
      }
      ...Problem
    }
  }
  ${fields}
`;
const updateDocument = /* GraphQL */ `
  mutation ($input: UpdateAssetInput!) {
    updateAsset(input: $input) {
      ... on UpdateAssetPayload {
        asset {
          ...Fields
        }
      }
      ...Problem
    }
  }
  ${fields}
`;

describe('createAsset', () => {
  it.each<Role>(['admin', 'manager', 'agent'])('records an asset for %s', async (role) => {
    const answer = await create(role, {
      name: ' Laptop 7 ',
      tag,
      serialNumber: 'SN-7',
      status: 'IN_STOCK',
      typeId: choice(types.laptop),
      siteId: site('here'),
      holderId: world.acme.people.member.globalId,
      purchasedOn: '2026-02-28',
    });
    expect(answer.asset).toEqual({
      id: expect.any(String),
      name: 'Laptop 7',
      tag,
      serialNumber: 'SN-7',
      status: 'IN_STOCK',
      type: { label: 'Laptop' },
      site: { name: 'Here' },
      holder: { name: 'member of acme' },
      purchasedOn: '2026-02-28',
      createdAt: testNow.toISOString(),
      updatedAt: testNow.toISOString(),
      version: 1,
    });
  });

  it('needs no more than a name and a tag', async () => {
    const { asset } = await create('admin', { name: 'Bare', tag });
    expect(asset).toMatchObject({ status: 'IN_USE', type: null, site: null, holder: null, purchasedOn: null });
  });

  it('refuses a tag that another asset of the tenant has', async () => {
    await create('admin', { name: 'First', tag });
    expect(await create('manager', { name: 'Second', tag })).toMatchObject({
      __typename: 'ConflictError',
      message: expect.stringContaining(tag),
      currentVersion: null,
    });
    const input = { name: 'Foreign', tag };
    const { data } = await world.ask(world.globex.people.admin.token, createDocument, { variables: { input } });
    expect(data.createAsset.asset.tag).toBe(tag);
  });

  it('lets one of two win that use the same tag at once', async () => {
    const both = await Promise.all(['One', 'Two'].map((name) => create('admin', { name, tag })));
    expect(new Set(both.map((answer) => answer.__typename))).toEqual(new Set([undefined, 'ConflictError']));
  });

  it('lets agents record at their own sites only', async () => {
    for (const siteId of [site('elsewhere'), undefined]) {
      expect((await create('agent', { name: 'Far', tag, siteId })).__typename).toBe('ForbiddenError');
    }
    const holderId = world.acme.people.agent.globalId;
    const held = await create('agent', { name: 'Far', tag, siteId: site('elsewhere'), holderId });
    expect(held.__typename).toBe('ForbiddenError');
  });

  it('refuses members', async () => {
    const { member } = world.acme.people;
    const input = { name: 'Mine', tag, siteId: site('here'), holderId: member.globalId };
    expect((await create('member', input)).__typename).toBe('ForbiddenError');
  });

  it('names everything that does not exist, or not here', async () => {
    const answer = await create('admin', {
      name: 'Lost',
      tag,
      typeId: choice(types.jobType),
      siteId: encodeGlobalId('Site', world.globex.sites.here),
      holderId: world.globex.people.member.globalId,
    });
    expect(answer.__typename).toBe('ValidationError');
    expect(answer.fields.map(({ field }: { field: string }) => field)).toEqual(['typeId', 'siteId', 'holderId']);
  });

  it.each([
    ['name', { name: '  ' }],
    ['name', { name: 'x'.repeat(201) }],
    ['tag', { tag: 'x'.repeat(65) }],
    ['serialNumber', { serialNumber: '' }],
    ['siteId', { siteId: 'nonsense' }],
    ['typeId', { typeId: encodeGlobalId('Site', newId()) }],
    ['typeId', { typeId: choice(types.retired) }],
    ['input', { name: 'a\u0000b' }],
    ['input', { purchasedOn: '0000-01-01' }],
  ])('says that %s is wrong', async (field, wrong) => {
    const answer = await create('admin', { name: 'Wrong', tag, ...wrong });
    expect(answer).toMatchObject({ __typename: 'ValidationError', fields: [{ field }] });
  });
});

describe('updateAsset', () => {
  it('changes what is sent, empties what is null, and leaves the rest', async () => {
    const { asset } = await create('admin', {
      name: 'Before',
      tag,
      serialNumber: 'SN',
      siteId: site('here'),
      typeId: choice(types.laptop),
      holderId: world.acme.people.member.globalId,
    });
    const answer = await update('agent', {
      id: asset.id,
      version: 1,
      name: 'After',
      status: 'IN_REPAIR',
      serialNumber: null,
      holderId: null,
    });
    expect(answer.asset).toEqual({
      ...asset,
      name: 'After',
      status: 'IN_REPAIR',
      serialNumber: null,
      holder: null,
      version: 2,
    });
  });

  it('refuses a stale version, and lets one of two win that change at once', async () => {
    const { asset } = await create('admin', { name: 'Raced', tag });
    const both = await Promise.all(['One', 'Two'].map((name) => update('manager', { id: asset.id, version: 1, name })));
    expect(new Set(both.map((answer) => answer.__typename))).toEqual(new Set([undefined, 'ConflictError']));
    expect(both.find((answer) => answer.__typename)?.currentVersion).toBe(2);
  });

  it('refuses the tag of another asset, and takes its own', async () => {
    await create('admin', { name: 'First', tag });
    const { asset } = await create('admin', { name: 'Second', tag: `${tag}-2` });
    const taken = await update('admin', { id: asset.id, version: 1, tag });
    expect(taken).toMatchObject({ __typename: 'ConflictError', message: expect.stringContaining(tag) });
    expect((await update('admin', { id: asset.id, version: 1, tag: `${tag}-2` })).asset.version).toBe(2);
  });

  it('keeps a type that was put out of use, and gives it to nothing new', async () => {
    const id = newId();
    await world.acme.session.write((trx) =>
      trx.insertInto('assets').values({ id, name: 'Old', tag, type_id: types.retired }).execute(),
    );
    const kept = await update('admin', {
      id: encodeGlobalId('Asset', id),
      version: 1,
      name: 'Old but kept',
      typeId: choice(types.retired),
    });
    expect(kept.asset).toMatchObject({ name: 'Old but kept', type: { label: 'Retired' } });
  });

  it('finds nothing out of sight: another site, another tenant, nowhere', async () => {
    const { asset } = await create('admin', { name: 'Far', tag, siteId: site('elsewhere') });
    expect((await update('agent', { id: asset.id, version: 1 })).__typename).toBe('NotFoundError');
    const unknown = encodeGlobalId('Asset', newId());
    expect((await update('admin', { id: unknown, version: 1 })).__typename).toBe('NotFoundError');
    const variables = { input: { id: asset.id, version: 1 } };
    const foreign = await world.ask(world.globex.people.admin.token, updateDocument, { variables });
    expect(foreign.data.updateAsset.__typename).toBe('NotFoundError');
  });

  it('lets no agent move an asset out of reach, and no member change what they hold', async () => {
    const { member } = world.acme.people;
    const { asset } = await create('admin', { name: 'Near', tag, siteId: site('here'), holderId: member.globalId });
    for (const siteId of [site('elsewhere'), null]) {
      expect((await update('agent', { id: asset.id, version: 1, siteId })).__typename).toBe('ForbiddenError');
    }
    expect((await update('member', { id: asset.id, version: 1, name: 'Mine' })).__typename).toBe('ForbiddenError');
  });

  it('lets an agent who holds an asset change it wherever it is, and move it to their own sites only', async () => {
    const holderId = world.acme.people.agent.globalId;
    const { asset } = await create('admin', { name: 'Far', tag, siteId: site('elsewhere'), holderId });
    const kept = await update('agent', { id: asset.id, version: 1, name: 'Mine', siteId: site('elsewhere') });
    expect(kept.asset).toMatchObject({ name: 'Mine', version: 2 });
    expect((await update('agent', { id: asset.id, version: 2, siteId: site('here') })).asset.site.name).toBe('Here');
    const back = await update('agent', { id: asset.id, version: 3, siteId: site('elsewhere') });
    expect(back.__typename).toBe('ForbiddenError');
  });

  it.each([
    ['name', { name: null }],
    ['tag', { tag: '' }],
    ['status', { status: null }],
  ])('does not empty %s', async (field, wrong) => {
    const { asset } = await create('admin', { name: 'Full', tag });
    const answer = await update('admin', { id: asset.id, version: 1, ...wrong });
    expect(answer).toMatchObject({ __typename: 'ValidationError', fields: [{ field }] });
  });
});

it('loads types, sites and holders of a page once each', async () => {
  for (const name of ['a', 'b', 'c']) {
    await create('admin', {
      name,
      tag: newId(),
      typeId: choice(types.laptop),
      siteId: site('here'),
      holderId: world.acme.people[name === 'a' ? 'member' : 'agent'].globalId,
    });
  }
  const query = `{ assets(first: 100) { totalCount edges { node { ...Fields } } } } ${fields.split('fragment Problem')[0]}`;
  const { forAnswer, result } = await countStatements(() => world.ask(world.acme.people.admin.token, query));
  expect(result.errors).toBeUndefined();
  expect(forAnswer).toHaveLength(4); // assets, types, sites, holders
});

async function create(role: Role, input: Record<string, unknown>) {
  const { token } = world.acme.people[role];
  return (await world.ask(token, createDocument, { variables: { input } })).data.createAsset;
}

async function update(role: Role, input: Record<string, unknown>) {
  const { token } = world.acme.people[role];
  return (await world.ask(token, updateDocument, { variables: { input } })).data.updateAsset;
}

function choice(id: string): string {
  return encodeGlobalId('Choice', id);
}

function site(name: 'here' | 'elsewhere'): string {
  return encodeGlobalId('Site', world.acme.sites[name]);
}
