import type pg from 'pg';
import { createTenantSession } from '../db/session.ts';
import { signToken, type TokenOptions } from '../http/tokens.ts';
import type { PersonId, TenantId } from '../ids.ts';
import { demoTenants } from '../seed/seed-demo.ts';

export interface DemoToken {
  tenant: string;
  role: string;
  email: string;
  token: string;
}

export interface DemoTokenOptions {
  /** Connects as the owner of the tables. */
  operator: pg.Pool;
  /** Connects as the application. */
  pool: pg.Pool;
  tokens: TokenOptions;
}

const roles = ['admin', 'manager', 'agent', 'member'];
const expiresIn = '7d';

/** A token for each demo person that exists: four for each demo tenant. */
export async function demoTokens({ operator, pool, tokens }: DemoTokenOptions): Promise<DemoToken[]> {
  const slugs = demoTenants.map(({ slug }) => slug);
  const { rows: tenants } = await operator.query<{ id: TenantId; slug: string }>(
    'SELECT id, slug FROM tenants WHERE slug = ANY($1) ORDER BY slug',
    [slugs],
  );
  const found = tenants.map(async ({ id, slug }) => {
    const emails = roles.map((role) => `${role}@${slug}.test`);
    const session = createTenantSession({ pool, tenantId: id });
    const people = await session.read
      .selectFrom('people')
      .select(['id', 'email'])
      .where('email', 'in', emails)
      .execute();
    await session.close();
    const tokenOf = async (email: string, index: number): Promise<DemoToken[]> => {
      const person = people.find((candidate) => candidate.email === email);
      if (!person) return [];
      const token = await signToken({ tenantId: id, personId: person.id as PersonId }, tokens, expiresIn);
      return [{ tenant: slug, role: roles[index] ?? '', email, token }];
    };
    return (await Promise.all(emails.map(tokenOf))).flat();
  });
  return (await Promise.all(found)).flat();
}
