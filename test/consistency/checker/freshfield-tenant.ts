import type pg from 'pg';
import { encodeGlobalId } from '../../../src/graphql/global-id.ts';
import { newId } from '../../../src/ids.ts';
import { addPerson } from '../../support/add-person.ts';
import type { Person, TestTenant } from '../../support/world.ts';
import { Register } from './register.ts';

export interface Thing {
  readonly id: string;
  readonly globalId: string;
  readonly register: Register;
}

export interface HotSite {
  readonly id: string;
  readonly globalId: string;
  readonly assets: readonly Thing[];
}

/** What one tenant's part of the checker is about. */
export interface CheckedTenant {
  readonly id: string;
  readonly admin: Person;
  readonly manager: Person;
  /** Each with a dozen assets, which are written one by one and all together. */
  readonly sites: readonly HotSite[];
  /** Works at the first of the sites, and sees that one only. */
  readonly local: Person;
  /** Assets are added here; how many there are. */
  readonly yard: { readonly id: string; readonly globalId: string; readonly register: Register };
  /** Many assets that are always changed by one statement, so all have one version. */
  readonly fleet: { readonly siteId: string; readonly globalIds: readonly string[]; readonly register: Register };
  /** A member at even versions, an agent at odd ones. */
  readonly flipped: {
    readonly person: Person;
    readonly register: Register;
    readonly roleIds: readonly [string, string];
  };
  /** Whose only role is named by its version, and lets them see assets at even ones. */
  readonly guest: { readonly person: Person; readonly register: Register; readonly roleId: string };
}

const siteCount = 4;
const assetsPerSite = 12;
/** More than one statement may change before its tags collapse to those of the type. */
const fleetSize = 520;

export async function prepareTenant(owner: pg.Pool, tenant: TestTenant): Promise<CheckedTenant> {
  const { id, slug, people } = tenant;
  const addSite = async (code: string) => {
    const siteId = newId();
    await owner.query('INSERT INTO sites (tenant_id, id, name, code) VALUES ($1, $2, $3, $3)', [id, siteId, code]);
    return siteId;
  };
  const addAssets = async (siteId: string, count: number, name: string) => {
    const ids = Array.from({ length: count }, () => newId());
    await owner.query(
      `INSERT INTO assets (tenant_id, id, name, tag, site_id, version)
       SELECT $1, asset, $3, asset, $2, 2 FROM unnest($4::uuid[]) AS asset`,
      [id, siteId, name, ids],
    );
    return ids;
  };

  const sites: HotSite[] = [];
  for (let index = 0; index < siteCount; index += 1) {
    const siteId = await addSite(`HOT-${index}`);
    const assets = (await addAssets(siteId, assetsPerSite, 'An asset')).map((assetId, at) => ({
      id: assetId,
      globalId: encodeGlobalId('Asset', assetId),
      register: new Register(`asset ${at} at site ${index} of ${slug}`, 2),
    }));
    sites.push({ id: siteId, globalId: encodeGlobalId('Site', siteId), assets });
  }
  const yardId = await addSite('YARD');
  const fleetSiteId = await addSite('FLEET');
  const fleet = await addAssets(fleetSiteId, fleetSize, 'A long name '.repeat(15));
  const guest = await addPerson(tenant, { siteId: null });
  const guestRoleId = newId();
  await owner.query(`INSERT INTO roles (tenant_id, id, key, name) VALUES ($1, $2, 'guest', '2')`, [id, guestRoleId]);
  await owner.query(
    `INSERT INTO role_permissions (tenant_id, role_id, permission, reach) VALUES ($1, $2, 'assets:read', 'any')`,
    [id, guestRoleId],
  );
  await owner.query('UPDATE person_roles SET role_id = $1 WHERE person_id = $2', [guestRoleId, guest.id]);
  const flipped = await addPerson(tenant);
  await owner.query('UPDATE people SET version = 2 WHERE id = $1', [flipped.id]);
  const roleId = async (key: string) => {
    const { rows } = await owner.query('SELECT id FROM roles WHERE tenant_id = $1 AND key = $2', [id, key]);
    return encodeGlobalId('Role', rows[0].id);
  };

  return {
    id,
    admin: people.admin,
    manager: people.manager,
    sites,
    local: await addPerson(tenant, { role: 'agent', siteId: sites[0]?.id ?? null }),
    yard: { id: yardId, globalId: encodeGlobalId('Site', yardId), register: new Register(`yard of ${slug}`, 0) },
    fleet: {
      siteId: fleetSiteId,
      globalIds: fleet.map((assetId) => encodeGlobalId('Asset', assetId)),
      register: new Register(`fleet of ${slug}`, 2),
    },
    flipped: {
      person: flipped,
      register: new Register(`roles of somebody of ${slug}`, 2),
      roleIds: [await roleId('member'), await roleId('agent')],
    },
    guest: { person: guest, register: new Register(`guests of ${slug}`, 2), roleId: guestRoleId },
  };
}
