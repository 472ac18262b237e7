import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { countStatements } from '../support/count-statements.ts';
import { createWorld, testNow, type Role, type World } from '../support/world.ts';

let world: World;
const types = { round: newId(), laptop: newId() };
const assets = { near: newId(), far: newId() };
const jobs = ['midnight', 'before', 'today', 'done', 'off', 'far', 'nowhere'] as const;
const ids = Object.fromEntries(jobs.map((name) => [name, newId()])) as Record<(typeof jobs)[number], string>;

beforeAll(async () => {
  world = await createWorld();
  const { session, sites, people } = world.acme;
  const [here, elsewhere] = [sites.here, sites.elsewhere];
  // The tenant's day 2026-11-20 in Rome starts at 23:00 in UTC.
  const day = (start: string, end: string) => ({ scheduled_for: new Date(start), due_at: new Date(end) });
  await session.write(async (trx) => {
    await trx
      .insertInto('choices')
      .values([
        { id: types.round, kind: 'JOB_TYPE', key: 'round', label: 'Round' },
        { id: types.laptop, kind: 'ASSET_TYPE', key: 'laptop', label: 'Laptop' },
      ])
      .execute();
    await trx
      .insertInto('assets')
      .values([
        { id: assets.near, name: 'Near', tag: 'near', site_id: here },
        { id: assets.far, name: 'Far', tag: 'far', site_id: elsewhere },
      ])
      .execute();
    await trx
      .insertInto('jobs')
      .values([
        {
          id: ids.before,
          title: 'before',
          site_id: here,
          ...day('2026-11-19T22:59:59.999Z', '2026-11-20T08:59:59.999Z'),
        },
        {
          id: ids.midnight,
          title: 'midnight',
          site_id: here,
          ...day('2026-11-19T23:00:00.000Z', '2026-11-20T09:00:00Z'),
        },
        {
          id: ids.today,
          title: 'today',
          site_id: here,
          asset_id: assets.far,
          type_id: types.round,
          assignee_id: people.agent.id,
          ...day('2026-11-20T10:00:00Z', '2026-11-20T12:00:00Z'),
        },
        {
          id: ids.done,
          title: 'done',
          site_id: here,
          status: 'COMPLETED',
          completed_at: testNow,
          ...day('2026-11-10T10:00:00Z', '2026-11-10T12:00:00Z'),
        },
        {
          id: ids.off,
          title: 'off',
          site_id: here,
          status: 'CANCELLED',
          ...day('2026-11-09T10:00Z', '2026-11-09T12:00Z'),
        },
        { id: ids.far, title: 'far', site_id: elsewhere, ...day('2026-11-08T10:00:00Z', '2026-11-08T12:00:00Z') },
        {
          id: ids.nowhere,
          title: 'nowhere',
          assignee_id: people.agent.id,
          ...day('2026-11-07T10:00:00Z', '2026-12-07T12:00:00Z'),
        },
      ])
      .execute();
  });
});
afterAll(() => world.close());

const list = /* GraphQL */ `
  query ($first: Int, $after: String, $filter: JobFilter) {
    jobs(first: $first, after: $after, filter: $filter) {
      totalCount
      pageInfo {
        endCursor
        hasNextPage
      }
      edges {
        node {
          id
          title
          status
          missed
          version
          type {
            label
          }
          site {
            name
          }
          asset {
            name
          }
          assignee {
            name
          }
        }
      }
    }
  }
`;
const titles = (answer: any) => answer.data.jobs.edges.map((edge: any) => edge.node.title);
const mine = (title: string) => (jobs as readonly string[]).includes(title);

describe('jobs', () => {
  const found = async (role: Role, filter: object = {}) => {
    const variables = { first: 100, filter };
    return titles(await world.ask(world.acme.people[role].token, list, { variables })).filter(mine);
  };

  it('lists the one scheduled last first, as far as each role may see', async () => {
    const all = ['today', 'midnight', 'before', 'done', 'off', 'far', 'nowhere'];
    expect(await found('admin')).toEqual(all);
    expect(await found('manager')).toEqual(all);
    expect(await found('agent')).toEqual(all.filter((title) => title !== 'far'));
  });

  it('is refused to members and shows nothing to another tenant', async () => {
    const member = await world.ask(world.acme.people.member.token, list);
    expect(member.errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
    const foreign = await world.ask(world.globex.people.admin.token, list);
    expect(foreign.data.jobs).toMatchObject({ totalCount: 0, edges: [] });
  });

  it('pages by cursor', async () => {
    const { token } = world.acme.people.admin;
    const filter = { from: '2026-11-01', to: '2026-11-20', siteId: [encodeGlobalId('Site', world.acme.sites.here)] };
    await world.database.owner.query(`DELETE FROM jobs WHERE title = 'Replace filters'`); // of other tests
    const first = await world.ask(token, list, { variables: { first: 2, filter } });
    const { endCursor: after, hasNextPage } = first.data.jobs.pageInfo;
    expect(hasNextPage).toBe(true);
    const second = await world.ask(token, list, { variables: { first: 3, after, filter } });
    expect([...titles(first), ...titles(second)]).toEqual(['today', 'midnight', 'before', 'done', 'off']);
    expect(second.data.jobs.totalCount).toBe(5);
  });

  it.each(['yesterday', 1, '+275760-09-13T00:00:00.000Z'])('refuses a made-up cursor of %s', async (instant) => {
    const after = Buffer.from(JSON.stringify(['scheduledFor', instant, newId()])).toString('base64url');
    const { errors } = await world.ask(world.acme.people.admin.token, list, { variables: { after } });
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
  });

  it("takes its days from the tenant's time zone", async () => {
    expect(await found('admin', { from: '2026-11-20', to: '2026-11-20' })).toEqual(['today', 'midnight']);
    expect(await found('admin', { from: '2026-11-19', to: '2026-11-19' })).toEqual(['before']);
    expect(await found('admin', { to: '2026-11-08' })).toEqual(['far', 'nowhere']);
  });

  it('calls a job missed once it is past due and not done', async () => {
    expect(await found('admin', { missed: true })).toEqual(['before', 'far']);
    expect(await found('admin', { missed: false })).toEqual(['today', 'midnight', 'done', 'off', 'nowhere']);
    const { data } = await world.ask(world.acme.people.admin.token, list, { variables: { first: 100 } });
    const missed = data.jobs.edges.filter((edge: any) => edge.node.missed).map((edge: any) => edge.node.title);
    expect(missed.filter(mine)).toEqual(['before', 'far']);
  });

  it('filters by status, site, assignee and type, and by an empty list finds none', async () => {
    const { sites, people } = world.acme;
    expect(await found('admin', { status: ['COMPLETED', 'CANCELLED'] })).toEqual(['done', 'off']);
    expect(await found('admin', { siteId: [encodeGlobalId('Site', sites.elsewhere)] })).toEqual(['far']);
    expect(await found('admin', { assigneeId: [people.agent.globalId] })).toEqual(['today', 'nowhere']);
    expect(await found('admin', { typeId: [encodeGlobalId('Choice', types.round)] })).toEqual(['today']);
    expect(await found('admin', { siteId: [] })).toEqual([]);
  });

  it('refuses a range that ends before it starts', async () => {
    const variables = { filter: { from: '2026-11-20', to: '2026-11-19' } };
    const { errors } = await world.ask(world.acme.people.admin.token, list, { variables });
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining('filter.to'),
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });

  it('hides the asset of a visible job where the asset is out of sight', async () => {
    const assetOf = async (role: Role) => {
      const { data } = await world.ask(world.acme.people[role].token, list, { variables: { first: 100 } });
      return data.jobs.edges.find((edge: any) => edge.node.title === 'today').node.asset;
    };
    expect(await assetOf('admin')).toEqual({ name: 'Far' });
    expect(await assetOf('agent')).toBeNull();
  });

  it('are found by their id only where a list would show them', async () => {
    const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Job { title } } }';
    const variables = { ids: [ids.far, ids.nowhere].map((id) => encodeGlobalId('Job', id)) };
    const nodes = async (token: string) => (await world.ask(token, query, { variables })).data.nodes;
    expect(await nodes(world.acme.people.agent.token)).toEqual([null, { title: 'nowhere' }]);
    expect(await nodes(world.acme.people.member.token)).toEqual([null, null]);
    expect(await nodes(world.globex.people.admin.token)).toEqual([null, null]);
  });

  it('takes a statement per relation, whatever the page', async () => {
    const { forAnswer } = await countStatements(() =>
      world.ask(world.acme.people.admin.token, list, {
        variables: { first: 100 },
        headers: { 'cache-control': 'no-cache' },
      }),
    );
    expect(forAnswer).toHaveLength(5); // jobs, types, sites, assets, assignees
  });
});

const problem = /* GraphQL */ `
  fragment Problem on Error {
    __typename
    message
    ... on ValidationError {
      fields {
        field
      }
    }
    ... on ConflictError {
      currentVersion
    }
  }
`;
const createDocument = /* GraphQL */ `
  mutation ($input: CreateJobInput!) {
    createJob(input: $input) {
      ... on CreateJobPayload {
        job {
          id
          title
          status
          missed
          scheduledFor
          dueAt
          completedAt
          notes
          version
          type {
            label
          }
          site {
            name
          }
          asset {
            name
          }
          assignee {
            name
          }
        }
      }
      ...Problem
    }
  }
  ${problem}
`;
const completeDocument = /* GraphQL */ `
  mutation ($input: CompleteJobInput!) {
    completeJob(input: $input) {
      ... on CompleteJobPayload {
        job {
          status
          missed
          completedAt
          notes
          version
        }
      }
      ...Problem
    }
  }
  ${problem}
`;
const plan = { title: 'Replace filters', scheduledFor: '2026-11-18T10:00:00.000Z', dueAt: '2026-11-19T10:00:00.000Z' };

describe('createJob', () => {
  it.each<Role>(['admin', 'manager', 'agent'])('plans a job for %s, at the site of its asset', async (role) => {
    const { job } = await create(role, {
      ...plan,
      typeId: encodeGlobalId('Choice', types.round),
      assetId: encodeGlobalId('Asset', assets.near),
      assigneeId: world.acme.people.member.globalId,
      notes: ' Bring a ladder. ',
    });
    expect(job).toEqual({
      ...plan,
      id: expect.any(String),
      status: 'SCHEDULED',
      missed: true,
      completedAt: null,
      notes: 'Bring a ladder.',
      version: 1,
      type: { label: 'Round' },
      site: { name: 'Here' },
      asset: { name: 'Near' },
      assignee: { name: 'member of acme' },
    });
  });

  it('lets agents plan at their own sites only, and members nowhere', async () => {
    const siteId = encodeGlobalId('Site', world.acme.sites.elsewhere);
    expect((await create('agent', { ...plan, siteId })).__typename).toBe('ForbiddenError');
    expect((await create('agent', plan)).__typename).toBe('ForbiddenError');
    const assigneeId = world.acme.people.agent.globalId;
    expect((await create('agent', { ...plan, siteId, assigneeId })).__typename).toBe('ForbiddenError');
    expect((await create('member', plan)).__typename).toBe('ForbiddenError');
  });

  it('names everything that does not exist, or not here', async () => {
    const answer = await create('admin', {
      ...plan,
      typeId: encodeGlobalId('Choice', types.laptop),
      siteId: encodeGlobalId('Site', world.globex.sites.here),
      assigneeId: world.globex.people.agent.globalId,
    });
    expect(answer.__typename).toBe('ValidationError');
    expect(answer.fields).toEqual([{ field: 'typeId' }, { field: 'siteId' }, { field: 'assigneeId' }]);
  });

  it('treats an asset out of sight like one that does not exist', async () => {
    const siteId = encodeGlobalId('Site', world.acme.sites.here);
    for (const id of [assets.far, newId()]) {
      const answer = await create('agent', { ...plan, siteId, assetId: encodeGlobalId('Asset', id) });
      expect(answer).toMatchObject({ __typename: 'ValidationError', fields: [{ field: 'assetId' }] });
    }
  });

  it.each([
    ['title', { title: ' ' }],
    ['dueAt', { dueAt: '2026-11-18T09:59:59.999Z' }],
    ['notes', { notes: 'x'.repeat(20_001) }],
    ['assetId', { assetId: 'nonsense' }],
  ])('says that %s is wrong', async (field, wrong) => {
    const answer = await create('admin', { ...plan, ...wrong });
    expect(answer).toMatchObject({ __typename: 'ValidationError', fields: [{ field }] });
  });
});

describe('completeJob', () => {
  it.each<Role>(['admin', 'manager', 'agent'])('marks a job as done for %s', async (role) => {
    const id = await planned('Was planned.');
    expect((await complete(role, { id, version: 1, notes: 'All good.' })).job).toEqual({
      status: 'COMPLETED',
      missed: false,
      completedAt: testNow.toISOString(),
      notes: 'All good.',
      version: 2,
    });
  });

  it('keeps the notes where none are sent', async () => {
    const id = await planned('Was planned.');
    expect((await complete('admin', { id, version: 1 })).job.notes).toBe('Was planned.');
  });

  it('completes only what is SCHEDULED, once', async () => {
    for (const job of [ids.done, ids.off]) {
      const answer = await complete('admin', { id: encodeGlobalId('Job', job), version: 1 });
      expect(answer).toMatchObject({ __typename: 'ConflictError', message: expect.stringContaining('SCHEDULED') });
    }
    const id = await planned();
    const both = await Promise.all([1, 2].map(() => complete('admin', { id, version: 1 })));
    expect(new Set(both.map((answer) => answer.__typename))).toEqual(new Set([undefined, 'ConflictError']));
  });

  it('refuses a stale version', async () => {
    const id = await planned();
    const answer = await complete('admin', { id, version: 7 });
    expect(answer).toMatchObject({ __typename: 'ConflictError', currentVersion: 1 });
  });

  it('finds nothing out of sight, and is refused to members', async () => {
    const far = { id: encodeGlobalId('Job', ids.far), version: 1 };
    expect((await complete('agent', far)).__typename).toBe('NotFoundError');
    expect((await complete('member', far)).__typename).toBe('ForbiddenError');
    const foreign = await world.ask(world.globex.people.admin.token, completeDocument, { variables: { input: far } });
    expect(foreign.data.completeJob.__typename).toBe('NotFoundError');
  });
});

async function planned(notes?: string): Promise<string> {
  return (await create('admin', { ...plan, siteId: encodeGlobalId('Site', world.acme.sites.here), notes })).job.id;
}

async function create(role: Role, input: Record<string, unknown>) {
  const { token } = world.acme.people[role];
  return (await world.ask(token, createDocument, { variables: { input } })).data.createJob;
}

async function complete(role: Role, input: Record<string, unknown>) {
  const { token } = world.acme.people[role];
  return (await world.ask(token, completeDocument, { variables: { input } })).data.completeJob;
}
