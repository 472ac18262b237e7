import { newId } from '../../../src/ids.ts';
import type { ClusterNode } from './cluster.ts';
import type { CheckedTenant, HotSite, Thing } from './freshfield-tenant.ts';
import { pickerByWeight } from './picker-by-weight.ts';
import type { Register } from './register.ts';
import { pick, type ReadShape, type Sighting, type Workload, type Write } from './workload.ts';

/** The same rows and the same questions for `stock-server.ts`; every write is a mutation. */
export function createStockWorkload(tenant: CheckedTenant): Workload {
  const { sites, yard } = tenant;
  const pickKind = pickerByWeight([
    { weight: 5, propose: () => updateAsset(pick(pick(sites).assets)) },
    { weight: 1, propose: () => createAsset(yard) },
  ]);
  return {
    shapes: [...sites.flatMap(readsOf), count(yard)],
    nextWrite() {
      const write = pickKind().propose();
      if (write.registers.some(({ isBusy }) => isBusy)) return null;
      for (const register of write.registers) register.begin();
      return write;
    },
    // It has one level, and that one is in Redis.
    levelOf: ({ extensions }) => (extensions?.responseCache?.hit ? 'L2' : null),
  };
}

function readsOf({ id, assets }: HotSite): ReadShape[] {
  const registers = assets.map(({ register }) => register);
  const list = 'query Site($site: ID!, $status: String) { assets(site: $site, status: $status) { id version } }';
  const seenIn = (data: any, absent: (register: Register) => number): Sighting[] => {
    const versions = new Map<string, number>(data.assets.map((asset: any) => [asset.id, asset.version]));
    return assets.map((asset) => [asset.register, versions.get(asset.id) ?? absent(asset.register)]);
  };
  return [
    ...assets.map((asset) =>
      shape({
        name: 'by id',
        weight: 0.4,
        registers: [asset.register],
        query: 'query Asset($id: ID!) { asset(id: $id) { id version status } }',
        variables: { id: asset.id },
        seen: (data) => [[asset.register, data.asset.version]],
      }),
    ),
    shape({
      name: 'list of a site',
      weight: 4,
      registers,
      query: list,
      variables: { site: id },
      seen: (data) => seenIn(data, () => 0),
    }),
    shape({
      name: 'list by status',
      weight: 3,
      registers,
      query: list,
      variables: { site: id, status: 'IN_REPAIR' },
      seen: (data) => seenIn(data, (register) => register.newestOfParity('even')),
    }),
  ];
}

function count({ id, register }: CheckedTenant['yard']): ReadShape {
  return shape({
    name: 'count',
    weight: 6,
    registers: [register],
    query: 'query Count($site: ID!) { assetCount(site: $site) }',
    variables: { site: id },
    seen: (data) => [[register, data.assetCount]],
  });
}

interface Question {
  name: string;
  weight: number;
  registers: readonly Register[];
  query: string;
  variables: object;
  seen: (data: any) => Sighting[];
}

function shape({ query, variables, seen, ...rest }: Question): ReadShape {
  return {
    ...rest,
    token: null,
    body: JSON.stringify({ query, variables }),
    sightings(answer) {
      if (answer.errors) throw new Error(JSON.stringify(answer.errors));
      return seen(answer.data);
    },
  };
}

function updateAsset({ id, register }: Thing): Write {
  return {
    name: 'updateAsset',
    registers: [register],
    async run(node) {
      const status = register.issued % 2 === 1 ? 'IN_REPAIR' : 'IN_USE';
      const query = 'mutation ($id: ID!, $status: String!) { updateAsset(id: $id, status: $status) { id version } }';
      const data = await mutate(node, query, { id, status });
      return { versions: [data.updateAsset.version] };
    },
  };
}

function createAsset({ id, register }: CheckedTenant['yard']): Write {
  return {
    name: 'createAsset',
    registers: [register],
    async run(node) {
      const query = 'mutation ($id: ID!, $site: ID!) { createAsset(id: $id, site: $site) { id version } }';
      await mutate(node, query, { id: newId(), site: id });
      return {};
    },
  };
}

async function mutate(node: ClusterNode, query: string, variables: object): Promise<any> {
  const { status, answer } = await node.ask(JSON.stringify({ query, variables }), {});
  if (status !== 200 || answer.errors) throw new Error(`status ${status}: ${JSON.stringify(answer)}`);
  return answer.data;
}
