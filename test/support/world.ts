import { createApp, type App } from '../../src/app/create-app.ts';
import { createTenantSession, type TenantSession } from '../../src/db/session.ts';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { signToken, type TokenOptions } from '../../src/http/tokens.ts';
import { newId, type PersonId, type TenantId } from '../../src/ids.ts';
import { createTenant } from '../../src/modules/tenant/create-tenant.ts';
import { askGraphql, type Ask } from './ask-graphql.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

export type { Answer, AskOptions } from './ask-graphql.ts';

export const testTokens: TokenOptions = {
  secret: 'a secret for tests only, long enough for HS256',
  jwksUrl: null,
  issuer: null,
  audience: null,
};

export type Role = 'admin' | 'manager' | 'agent' | 'member';

export interface Person {
  id: PersonId;
  /** As clients see it. */
  globalId: string;
  token: string;
}

/** One tenant with two sites and a person for each role; the agent works at `here` only, and so does the member. */
export interface TestTenant {
  id: TenantId;
  slug: string;
  sites: { here: string; elsewhere: string };
  teamId: string;
  people: Record<Role, Person>;
  /** Database access as the application has it, held to this tenant. */
  session: TenantSession;
}

export interface World {
  app: App;
  database: TestDatabase;
  baseUrl: string;
  acme: TestTenant;
  globex: TestTenant;
  ask: Ask;
  close(): Promise<void>;
}

/** The instant every test happens at unless it says otherwise: a Friday morning. */
export const testNow = new Date('2026-11-20T09:00:00.000Z');

/** A served application with two tenants, `acme` and `globex`, alike but for their rows. */
export async function createWorld(options: { now?: () => Date } = {}): Promise<World> {
  const database = await createTestDatabase();
  const app = createApp({ databaseUrl: database.url, tokens: testTokens, now: options.now ?? (() => testNow) });
  const baseUrl = await app.listen(0);
  const [acme, globex] = [
    await createTestTenant(app, database, 'acme'),
    await createTestTenant(app, database, 'globex'),
  ];
  return {
    app,
    database,
    baseUrl,
    acme,
    globex,
    ask: askGraphql(baseUrl),
    async close() {
      await Promise.all([acme.session.close(), globex.session.close()]);
      await app.close();
      await database.drop();
    },
  };
}

async function createTestTenant(app: App, database: TestDatabase, slug: string): Promise<TestTenant> {
  const id = newId() as TenantId;
  const session = createTenantSession({ pool: app.pool, tenantId: id });
  const roleIds = await createTenant(database.owner, session, { id, slug, name: slug, timeZone: 'Europe/Rome' });
  const sites = { here: newId(), elsewhere: newId() };
  const teamId = newId();
  const ids = { admin: newId(), manager: newId(), agent: newId(), member: newId() } as Record<Role, PersonId>;
  await session.write(async (trx) => {
    await trx
      .insertInto('sites')
      .values([
        { id: sites.here, name: 'Here', code: 'HERE' },
        { id: sites.elsewhere, name: 'Elsewhere', code: 'ELSE' },
      ])
      .execute();
    await trx.insertInto('teams').values({ id: teamId, name: 'Service desk' }).execute();
    for (const [role, personId] of Object.entries(ids)) {
      await trx
        .insertInto('people')
        .values({
          id: personId,
          name: `${role} of ${slug}`,
          email: `${role}@${slug}.test`,
          username: role,
          site_id: sites.here,
          emergency_contact: `secret contact of ${role}`,
        })
        .execute();
      await trx
        .insertInto('person_roles')
        .values({ person_id: personId, role_id: roleIds.get(role) ?? '' })
        .execute();
    }
  });
  const people = {} as Record<Role, Person>;
  for (const [role, personId] of Object.entries(ids) as [Role, PersonId][]) {
    people[role] = {
      id: personId,
      globalId: encodeGlobalId('Person', personId),
      token: await signToken({ tenantId: id, personId }, testTokens, '1h'),
    };
  }
  return { id, slug, sites, teamId, people, session };
}
