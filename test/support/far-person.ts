import { newId } from '../../src/ids.ts';
import type { TestTenant } from './world.ts';

/**
 * Farrah works elsewhere, beyond the reach of the agent and the member, and is in the team with both of them; the
 * manager works at both sites from then on. Answers Farrah's id.
 */
export async function insertFarPerson({ session, sites, teamId, people }: TestTenant): Promise<string> {
  const far = newId();
  await session.write(async (trx) => {
    const row = { name: 'Farrah Faraway', email: 'far@acme.test', username: 'far', phone: '+39 1', title: 'Driver' };
    await trx
      .insertInto('people')
      .values({ id: far, ...row, site_id: sites.elsewhere })
      .execute();
    await trx
      .insertInto('team_members')
      .values([people.agent.id, people.member.id, far].map((id) => ({ team_id: teamId, person_id: id })))
      .execute();
    await trx.insertInto('person_sites').values({ person_id: people.manager.id, site_id: sites.elsewhere }).execute();
  });
  return far;
}
