import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { permissions } from '../../src/graphql/viewer.ts';
import { newId } from '../../src/ids.ts';
import { countStatements } from '../support/count-statements.ts';
import { createWorld, testNow, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => void (world = await createWorld()));
afterAll(() => world.close());

describe('viewer', () => {
  const query = /* GraphQL */ `
    {
      viewer {
        person {
          id
          email
          phone
        }
        tenant {
          slug
          timeZone
        }
        roles {
          key
          name
        }
        permissions
        preferences {
          locale
          timeZone
          theme
          emailNotifications
          defaultSite {
            name
          }
        }
        unreadNotifications
      }
    }
  `;

  it('tells each role who they are and what they may do', async () => {
    for (const [role, { token, globalId }] of Object.entries(world.globex.people)) {
      const { data, errors } = await world.ask(token, query);
      expect(errors).toBeUndefined();
      expect(data.viewer).toMatchObject({
        person: { id: globalId, email: `${role}@globex.test` },
        tenant: { slug: 'globex', timeZone: 'Europe/Rome' },
        roles: [{ key: role }],
        preferences: { locale: 'en', timeZone: null, theme: 'SYSTEM', emailNotifications: true, defaultSite: null },
        unreadNotifications: 0,
      });
    }
  });

  it('writes permissions with their reach, in order', async () => {
    const of = async (role: 'admin' | 'agent' | 'member') =>
      (await world.ask(world.acme.people[role].token, '{ viewer { permissions } }')).data.viewer.permissions;
    expect(await of('admin')).toEqual([...permissions].toSorted());
    expect(await of('agent')).toEqual([
      'assets:read:sites',
      'assets:write:sites',
      'attendance:read:sites',
      'attendance:write:own',
      'dashboard:read:sites',
      'jobs:read:sites',
      'jobs:write:sites',
      'leave:request:own',
      'people:read:sites',
      'rota:read:sites',
      'tickets:read:sites',
      'tickets:write:sites',
    ]);
    expect(await of('member')).toContain('tickets:read:own');
  });

  it('costs one statement for itself and one for the person; the tenant comes with it', async () => {
    const { agent } = world.acme.people;
    const own = '{ viewer { permissions person { name phone } tenant { name } } tenant { version } }';
    const { statements, result } = await countStatements(() => world.ask(agent.token, own));
    expect(result.data.viewer.person.name).toBe('agent of acme');
    expect(statements.length).toBeLessThanOrEqual(2); // one where an earlier request left the viewer in the cache
  });

  it('is refused without a token, with a strange one, and to a person unknown to the tenant', async () => {
    for (const token of [null, 'strange']) {
      const { status, errors } = await world.ask(token, query);
      expect(status).toBe(401);
      expect(errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
    }
  });
});

describe('updatePreferences', () => {
  const update = /* GraphQL */ `
    mutation ($input: UpdatePreferencesInput!) {
      updatePreferences(input: $input) {
        __typename
        ... on UpdatePreferencesPayload {
          preferences {
            locale
            timeZone
            theme
            emailNotifications
            defaultSite {
              name
            }
          }
        }
        ... on ValidationError {
          fields {
            field
            message
          }
        }
      }
    }
  `;
  const send = async (input: object, role: 'member' | 'agent' = 'member') =>
    (await world.ask(world.acme.people[role].token, update, { variables: { input } })).data.updatePreferences;

  it('changes what is sent and leaves the rest, for everybody and for nobody else', async () => {
    const defaultSiteId = encodeGlobalId('Site', world.acme.sites.here);
    const first = await send({ locale: 'pt-br', timeZone: 'Asia/Tokyo', theme: 'DARK', defaultSiteId });
    expect(first.preferences).toEqual({
      locale: 'pt-BR',
      timeZone: 'Asia/Tokyo',
      theme: 'DARK',
      emailNotifications: true,
      defaultSite: { name: 'Here' },
    });
    const second = await send({ timeZone: null, defaultSiteId: null, emailNotifications: false });
    expect(second.preferences).toMatchObject({ locale: 'pt-BR', theme: 'DARK', timeZone: null, defaultSite: null });
    const { data } = await world.ask(world.acme.people.manager.token, '{ viewer { preferences { locale theme } } }');
    expect(data.viewer.preferences).toEqual({ locale: 'en', theme: 'SYSTEM' });
  });

  it('names each field that is wrong', async () => {
    const foreign = encodeGlobalId('Site', world.globex.sites.here);
    const bad = await send({ locale: 'not a tag', timeZone: 'Mars/Olympus' }, 'agent');
    expect(bad.fields.map(({ field }: { field: string }) => field)).toEqual(['locale', 'timeZone']);
    expect((await send({ defaultSiteId: foreign }, 'agent')).fields).toMatchObject([{ field: 'defaultSiteId' }]);
  });
});

describe('notifications', () => {
  const ids = [newId(), newId(), newId()];
  const globalIds = ids.map((id) => encodeGlobalId('Notification', id));
  beforeAll(async () => {
    await world.acme.session.write((trx) =>
      trx
        .insertInto('notifications')
        .values(
          ids.map((id, index) => ({
            id,
            person_id: world.acme.people.admin.id,
            kind: 'TEST',
            subject: `number ${index}`,
            created_at: new Date(testNow.getTime() + index),
          })),
        )
        .execute(),
    );
  });
  const list = /* GraphQL */ `
    query ($first: Int, $after: String, $unreadOnly: Boolean) {
      viewer {
        unreadNotifications
        notifications(first: $first, after: $after, unreadOnly: $unreadOnly) {
          totalCount
          pageInfo {
            endCursor
          }
          edges {
            node {
              subject
              readAt
            }
          }
        }
      }
    }
  `;
  const mark = /* GraphQL */ `
    mutation ($ids: [ID!]) {
      markNotificationsRead(input: { ids: $ids }) {
        __typename
        ... on MarkNotificationsReadPayload {
          viewer {
            unreadNotifications
          }
        }
      }
    }
  `;
  const subjects = (answer: any) => answer.data.viewer.notifications.edges.map(({ node }: any) => node.subject);

  it('are the newest first, unread until marked, and nobody else sees or marks them', async () => {
    const { admin, manager } = world.acme.people;
    const first = await world.ask(admin.token, list, { variables: { first: 2 } });
    expect(subjects(first)).toEqual(['number 2', 'number 1']);
    expect(first.data.viewer.unreadNotifications).toBe(3);
    const after = first.data.viewer.notifications.pageInfo.endCursor;
    expect(subjects(await world.ask(admin.token, list, { variables: { after } }))).toEqual(['number 0']);

    const node = 'query ($id: ID!) { node(id: $id) { id } }';
    expect((await world.ask(manager.token, node, { variables: { id: globalIds[0] } })).data.node).toBeNull();
    const theirs = await world.ask(manager.token, mark, { variables: { ids: globalIds } });
    expect(theirs.data.markNotificationsRead.__typename).toBe('NotFoundError');

    const some = await world.ask(admin.token, mark, { variables: { ids: [globalIds[1]] } });
    expect(some.data.markNotificationsRead.viewer.unreadNotifications).toBe(2);
    const unread = await world.ask(admin.token, list, { variables: { unreadOnly: true } });
    expect(subjects(unread)).toEqual(['number 2', 'number 0']);
    expect(unread.data.viewer.notifications.totalCount).toBe(2);
    const all = await world.ask(admin.token, mark, { variables: {} });
    expect(all.data.markNotificationsRead.viewer.unreadNotifications).toBe(0);
  });
});
