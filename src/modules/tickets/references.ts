import type { Kysely } from 'kysely';
import type { Tables } from '../../db/tables.ts';
import { ValidationError } from '../../errors.ts';
import type { Context } from '../../graphql/context.ts';
import { withinReach } from '../../graphql/reach.ts';
import { checkReferences, type Reference } from '../../graphql/references.ts';

/** The fields of a ticket that name something else: their GraphQL types, and what may be named. */
const references = {
  categoryId: {
    type: 'Choice',
    table: 'choices',
    having: { kind: 'TICKET_CATEGORY', active: true },
    message: 'Send an active choice of the list TICKET_CATEGORY.',
  },
  siteId: { type: 'Site', table: 'sites', having: { active: true }, message: 'Send the id of a site in use.' },
  customerId: { type: 'Customer', table: 'customers', message: 'Send the id of a customer of yours.' },
  assetId: { type: 'Asset', table: 'assets', message: 'Send the id of an asset you may see.' },
  reporterId: {
    type: 'Person',
    table: 'people',
    having: { active: true },
    message: 'Send the id of an active person.',
  },
  assigneeId: {
    type: 'Person',
    table: 'people',
    having: { active: true },
    message: 'Send the id of an active person.',
  },
  teamId: { type: 'Team', table: 'teams', message: 'Send the id of a team of yours.' },
} as const satisfies Record<string, Omit<Reference, 'field' | 'id'> & { type: string }>;

export type ReferenceField = keyof typeof references;

/** The GraphQL type that a field of a ticket names; null where it names none. */
export function referencedType(field: string): string | null {
  return field in references ? references[field as ReferenceField].type : null;
}

/** Fails with one ValidationError that names every field whose row does not exist, is out of use or out of sight. */
export async function requireReferences(
  trx: Kysely<Tables>,
  context: Context,
  ids: { readonly [Field in ReferenceField]?: string | null | undefined },
): Promise<void> {
  await checkReferences(
    trx,
    Object.entries(references).map(([field, reference]) => ({ ...reference, field, id: ids[field as ReferenceField] })),
  );
  if (ids.assetId && !(await seesAsset(trx, context, ids.assetId))) {
    throw new ValidationError([{ field: 'assetId', message: references.assetId.message }]);
  }
}

async function seesAsset(trx: Kysely<Tables>, { viewer }: Context, id: string): Promise<boolean> {
  if (!viewer.permissions.has('assets:read')) return false;
  const row = await trx
    .selectFrom('assets')
    .select('id')
    .where('id', '=', id)
    .where(withinReach(viewer, 'assets:read', { site: 'assets.site_id', owners: ['assets.holder_id'] }))
    .executeTakeFirst();
  return row !== undefined;
}
