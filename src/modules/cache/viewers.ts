import { sql } from 'kysely';
import { ValidationError } from '../../errors.ts';
import type { WarmViewer } from '../../graphql/cache-manager.ts';
import type { Context } from '../../graphql/context.ts';
import type { PersonId } from '../../ids.ts';

/** Combinations of roles and sites that one warming asks for. */
const maxCombinations = 50;

/**
 * One person for each combination of roles and sites that active people have, the most frequent first: whoever has the
 * same is answered the same, as far as nothing depends on the person. `only`: keys of roles, one of which they have.
 */
export async function viewersOfRoles({ db }: Context, only: readonly string[] | null): Promise<WarmViewer[]> {
  if (only) await refuseUnknown(db, only);
  const { rows } = await sql<{ personId: PersonId; roles: string[] }>`
    select (array_agg(id order by id))[1] as "personId", roles
      from (select person.id,
                   array(select role.key from person_roles held
                           join roles role on role.tenant_id = held.tenant_id and role.id = held.role_id
                          where held.tenant_id = person.tenant_id and held.person_id = person.id
                          order by role.key) as roles,
                   array(select works_at.site_id from person_sites works_at
                          where works_at.tenant_id = person.tenant_id and works_at.person_id = person.id
                          union select person.site_id where person.site_id is not null
                          order by 1) as sites
              from people person where person.tenant_id = ${db.tenantId} and person.active) everybody
     where ${only}::text[] is null or roles && ${only}::text[]
     group by roles, sites
     order by count(*) desc, 1
     limit ${maxCombinations}`.execute(db.read);
  return rows.map(({ personId, roles }) => ({ personId, roles, isMeant: false }));
}

/** These people themselves; fails where one is none of this tenant's, or may not come in. */
export async function viewersByName({ db }: Context, personIds: readonly string[]): Promise<WarmViewer[]> {
  const people = await db.read
    .selectFrom('people as person')
    .where('person.id', 'in', personIds)
    .where('person.active', '=', true)
    .select('person.id')
    .select((query) =>
      query
        .selectFrom('person_roles as held')
        .innerJoin('roles as role', 'role.id', 'held.role_id')
        .whereRef('held.person_id', '=', 'person.id')
        .select(sql<string[]>`coalesce(array_agg(role.key order by role.key), '{}')`.as('keys'))
        .as('roles'),
    )
    .execute();
  return personIds.map((personId, index) => {
    const person = people.find(({ id }) => id === personId);
    if (person) return { personId: personId as PersonId, roles: person.roles ?? [], isMeant: true };
    throw new ValidationError([{ field: `persons.${index}`, message: 'Send the id of an active person.' }]);
  });
}

async function refuseUnknown(db: Context['db'], keys: readonly string[]): Promise<void> {
  const roles = await db.read.selectFrom('roles').select('key').orderBy('key').execute();
  const known = roles.map(({ key }) => key);
  const wrong = keys.flatMap((key, index) => (known.includes(key) ? [] : [index]));
  if (wrong.length === 0) return;
  const message = `Send keys of roles: ${known.join(', ')}.`;
  throw new ValidationError(wrong.map((index) => ({ field: `roles.${index}`, message })));
}
