import type pg from 'pg';
import { newId } from '../../../src/ids.ts';
import type { ClusterNode } from './cluster.ts';
import type { CheckedTenant, HotSite, Thing } from './freshfield-tenant.ts';
import { pickerByWeight } from './picker-by-weight.ts';
import type { Register } from './register.ts';
import { pick, type Write, type Written } from './workload.ts';

interface Kind {
  readonly weight: number;
  /** null where what it would write is being written. */
  readonly propose: () => Write | null;
}

/** How the checker writes: through mutations on any node, and past the server in SQL. */
export class FreshfieldWrites {
  readonly #owner: pg.Pool;
  readonly #pickKind: () => Kind;

  constructor(owner: pg.Pool, tenants: readonly CheckedTenant[]) {
    this.#owner = owner;
    const tenant = () => pick(tenants);
    const site = () => pick(pick(tenants).sites);
    this.#pickKind = pickerByWeight<Kind>([
      { weight: 40, propose: () => this.#updateOne(tenant()) },
      { weight: 6, propose: () => this.#updateSite(site()) },
      { weight: 1, propose: () => this.#updateFleet(tenant()) },
      { weight: 8, propose: () => this.#add(tenant()) },
      { weight: 5, propose: () => this.#setRoles(tenant()) },
      { weight: 5, propose: () => this.#changeGrants(tenant()) },
    ]);
  }

  next(): Write | null {
    const write = this.#pickKind().propose();
    if (!write || write.registers.some(({ isBusy }) => isBusy)) return null;
    for (const register of write.registers) register.begin();
    return write;
  }

  /** Takes some assets, each for a mutation; nothing else writes them until those are acknowledged or lost. */
  take({ sites, admin }: CheckedTenant, count: number): { asset: Thing; write: Write }[] {
    const assets = sites.flatMap((site) => site.assets).filter(({ register: one }) => !one.isBusy && !one.isUncertain);
    const taken = assets.toSorted(() => Math.random() - 0.5).slice(0, count);
    for (const { register } of taken) register.begin();
    return taken.map((asset) => ({ asset, write: updateAsset(admin.token, asset) }));
  }

  #updateOne({ sites, admin, manager }: CheckedTenant): Write {
    const asset = pick(pick(sites).assets);
    // A mutation must name the version it has seen; after one whose outcome is unknown only SQL can tell.
    if (asset.register.isUncertain || Math.random() < 0.35) return this.#updateInSql('update in SQL', [asset]);
    return updateAsset(pick([admin, manager]).token, asset);
  }

  #updateSite({ assets }: HotSite): Write {
    return this.#updateInSql('bulk update in SQL', assets);
  }

  #updateInSql(name: string, assets: readonly Thing[]): Write {
    const ids = assets.map(({ id }) => id);
    return {
      name,
      registers: assets.map(({ register }) => register),
      run: async () => {
        const { rows } = await this.#owner.query<{ id: string; version: number }>(
          `UPDATE assets SET version = version + 1, status = CASE version % 2 WHEN 0 THEN 'IN_REPAIR' ELSE 'IN_USE' END
            WHERE id = ANY($1) RETURNING id, version`,
          [ids],
        );
        const versions = new Map(rows.map(({ id, version }) => [id, version]));
        return { versions: ids.map((id) => versions.get(id) ?? 0) };
      },
    };
  }

  #updateFleet({ id, fleet }: CheckedTenant): Write {
    return this.#sql('update of the fleet in SQL', fleet.register, async (client) => {
      await client.query('UPDATE assets SET version = $3 WHERE tenant_id = $1 AND site_id = $2', [
        id,
        fleet.siteId,
        fleet.register.issued,
      ]);
      return { versions: [fleet.register.issued] };
    });
  }

  #add({ id, yard, manager }: CheckedTenant): Write {
    if (Math.random() < 0.5) return createAsset(manager.token, yard);
    return this.#sql('insert in SQL', yard.register, async (client) => {
      await client.query(
        `INSERT INTO assets (tenant_id, id, name, tag, site_id) SELECT $1, id, 'One more', id, $2 FROM (SELECT $3::uuid AS id)`,
        [id, yard.id, newId()],
      );
      return {};
    });
  }

  #setRoles({ admin, flipped: { person, register, roleIds } }: CheckedTenant): Write {
    if (register.isUncertain) {
      // Whatever it is now, two versions on it is the same role.
      return this.#sql('role in SQL', register, async (client) => {
        const { rows } = await client.query<{ version: number }>(
          'UPDATE people SET version = version + 2 WHERE id = $1 RETURNING version',
          [person.id],
        );
        return { versions: [rows[0]?.version ?? 0] };
      });
    }
    return {
      name: 'setPersonRoles',
      registers: [register],
      run: async (node) => {
        const roleId = roleIds[register.issued % 2];
        const input = { id: person.globalId, roleIds: [roleId] };
        const { payload, token } = await mutate(
          node,
          admin.token,
          { name: 'setPersonRoles', input },
          'person { version }',
        );
        return { versions: [payload.person.version], token };
      },
    };
  }

  #changeGrants({ id, guest: { register, roleId } }: CheckedTenant): Write {
    return this.#sql('grants in SQL', register, async (client) => {
      const version = register.issued;
      await client.query('UPDATE roles SET name = $3 WHERE tenant_id = $1 AND id = $2', [id, roleId, String(version)]);
      await client.query(
        version % 2 === 0
          ? `INSERT INTO role_permissions (tenant_id, role_id, permission, reach) VALUES ($1, $2, 'assets:read', 'any')`
          : `DELETE FROM role_permissions WHERE tenant_id = $1 AND role_id = $2`,
        [id, roleId],
      );
      return { versions: [version] };
    });
  }

  /** One transaction, as an operator in psql. */
  #sql(name: string, register: Register, work: (client: pg.PoolClient) => Promise<Written>): Write {
    return {
      name,
      registers: [register],
      run: async () => {
        const client = await this.#owner.connect();
        try {
          await client.query('BEGIN');
          const written = await work(client);
          await client.query('COMMIT');
          client.release();
          return written;
        } catch (error) {
          client.release(true);
          throw error;
        }
      },
    };
  }
}

function updateAsset(token: string, { globalId: id, register }: Thing): Write {
  return {
    name: 'updateAsset',
    registers: [register],
    run: async (node) => {
      const status = register.issued % 2 === 1 ? 'IN_REPAIR' : 'IN_USE';
      const input = { id, version: register.acked, status };
      const { payload, token: seq } = await mutate(node, token, { name: 'updateAsset', input }, 'asset { version }');
      return { versions: [payload.asset.version], token: seq };
    },
  };
}

function createAsset(token: string, { globalId, register }: CheckedTenant['yard']): Write {
  return {
    name: 'createAsset',
    registers: [register],
    run: async (node) => {
      const input = { name: 'One more', tag: newId(), siteId: globalId };
      const { token: seq } = await mutate(node, token, { name: 'createAsset', input }, 'asset { id }');
      return { token: seq };
    },
  };
}

async function mutate(
  node: ClusterNode,
  bearer: string,
  { name, input }: { name: string; input: object },
  selection: string,
): Promise<{ payload: any; token: string }> {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}`;
  const query = `mutation Check($input: ${type}Input!) { ${name}(input: $input) {
    __typename ... on ${type}Payload { ${selection} } ... on Error { message }
  } }`;
  const body = JSON.stringify({ query, variables: { input } });
  const { status, answer, cacheToken } = await node.ask(body, { authorization: `Bearer ${bearer}` });
  const payload = answer.data?.[name];
  if (status !== 200 || payload?.__typename !== `${type}Payload` || !cacheToken) {
    throw new Error(`status ${status}: ${JSON.stringify(answer)}`);
  }
  return { payload, token: cacheToken };
}
