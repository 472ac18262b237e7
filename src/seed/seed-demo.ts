import type pg from 'pg';
import { seedTenant, type SeededTenant } from './seed-tenant.ts';

export interface SeedDemoOptions {
  /** Connects as the owner of the tables. */
  operator: pg.Pool;
  /** Where the demo's history ends. */
  now: Date;
}

/** The tenants of a first start: small enough to be there in seconds. */
export const demoTenants = [
  { slug: 'acme', name: 'Acme Logistics', timeZone: 'Europe/Rome', people: 60, tickets: 600, days: 60, seed: 1 },
  { slug: 'globex', name: 'Globex Energy', timeZone: 'Europe/London', people: 60, tickets: 600, days: 60, seed: 2 },
] as const;

/** Makes the demo tenants that do not exist yet; those that do are left as they are. Answers the new ones. */
export async function seedDemo({ operator, now }: SeedDemoOptions): Promise<SeededTenant[]> {
  const made: SeededTenant[] = [];
  for (const tenant of demoTenants) {
    const seeded = await seedTenant({ operator, plan: { ...tenant, until: now } });
    if (seeded) made.push(seeded);
  }
  return made;
}
