import type { CheckedTenant, HotSite, Thing } from './freshfield-tenant.ts';
import type { Register } from './register.ts';
import type { Answer, ReadShape, Sighting } from './workload.ts';

interface Question {
  name: string;
  weight: number;
  token: string;
  registers: readonly Register[];
  query: string;
  variables?: object;
  seen: (data: any) => Sighting[];
}

const shape = ({ query, variables, seen, ...rest }: Question): ReadShape => ({
  ...rest,
  body: JSON.stringify({ query, variables }),
  sightings: (answer) => seen(dataOf(answer)),
});

/** Every shape of query the checker asks of one tenant. */
export function readsOf(tenant: CheckedTenant): ReadShape[] {
  const { sites, fleet } = tenant;
  return [
    ...sites.flatMap((site) => [...site.assets.map((asset) => byId(tenant, asset)), ...listsOf(tenant, site)]),
    ...fleet.globalIds.map((id) => ofFleet(tenant, id)),
    ownSites(tenant),
    ...countsOf(tenant),
    roles(tenant),
    ...guests(tenant),
  ];
}

const assetQuery = 'query CheckAsset($id: ID!) { node(id: $id) { ... on Asset { id status version } } }';

function byId({ manager }: CheckedTenant, { globalId, register }: Thing): ReadShape {
  return shape({
    name: 'by id',
    weight: 0.4,
    token: manager.token,
    registers: [register],
    query: assetQuery,
    variables: { id: globalId },
    seen: ({ node }) => [
      [register, node.version],
      [register, register.newestOfParity(node.status === 'IN_REPAIR' ? 'odd' : 'even')],
    ],
  });
}

/** An asset is in repair at odd versions: it enters and leaves the filtered list. */
function listsOf({ admin, manager }: CheckedTenant, { globalId, assets }: HotSite): ReadShape[] {
  const registers = assets.map(({ register }) => register);
  const list = (filter: string) =>
    `query CheckSite($site: [ID!]) { assets(first: 20, filter: { siteId: $site${filter} }) { edges { node { id version } } } }`;
  return [
    shape({
      name: 'list of a site',
      weight: 4,
      token: admin.token,
      registers,
      query: list(''),
      variables: { site: [globalId] },
      seen: (data) => {
        const versions = versionsIn(data);
        return assets.map((asset) => [asset.register, versions.get(asset.globalId) ?? 0]);
      },
    }),
    shape({
      name: 'list by status',
      weight: 3,
      token: manager.token,
      registers,
      query: list(', status: [IN_REPAIR]'),
      variables: { site: [globalId] },
      seen: (data) => {
        const versions = versionsIn(data);
        return assets.map((asset) => [
          asset.register,
          versions.get(asset.globalId) ?? asset.register.newestOfParity('even'),
        ]);
      },
    }),
  ];
}

function ofFleet({ admin, fleet }: CheckedTenant, id: string): ReadShape {
  return shape({
    name: 'one of the fleet',
    weight: 4 / fleet.globalIds.length,
    token: admin.token,
    registers: [fleet.register],
    query: `query CheckFleet($id: ID!) {
      node(id: $id) { ... on Asset { id version name tag status serialNumber createdAt site { id name code } type { label } } }
    }`,
    variables: { id },
    seen: ({ node }) => [[fleet.register, node.version]],
  });
}

function ownSites({ local, sites }: CheckedTenant): ReadShape {
  const assets = sites[0]?.assets ?? [];
  return shape({
    name: 'list of own sites',
    weight: 4,
    token: local.token,
    registers: assets.map(({ register }) => register),
    query: 'query CheckOwn { assets(first: 20) { edges { node { id version } } } }',
    seen: (data) => {
      const versions = versionsIn(data);
      return assets.map(({ globalId, register }) => [register, versions.get(globalId) ?? 0]);
    },
  });
}

function countsOf({ admin, manager, yard }: CheckedTenant): ReadShape[] {
  const registers = [yard.register];
  return [
    shape({
      name: 'count',
      weight: 6,
      token: admin.token,
      registers,
      query: 'query CheckCount($site: [ID!]) { assets(first: 1, filter: { siteId: $site }) { totalCount } }',
      variables: { site: [yard.globalId] },
      seen: ({ assets }) => [[yard.register, assets.totalCount]],
    }),
    shape({
      name: 'dashboard',
      weight: 6,
      token: manager.token,
      registers,
      query: 'query CheckDashboard($site: ID) { dashboard(siteId: $site) { assets { total } } }',
      variables: { site: yard.globalId },
      seen: ({ dashboard }) => [[yard.register, dashboard.assets.total]],
    }),
  ];
}

/** What a member may do and an agent may not, or the other way round, shows the version too. */
function roles({ flipped: { person, register } }: CheckedTenant): ReadShape {
  return shape({
    name: 'roles and permissions',
    weight: 3,
    token: person.token,
    registers: [register],
    query: 'query CheckRoles { viewer { person { version } roles { key } permissions } }',
    seen: ({ viewer }) => [
      [register, viewer.person.version],
      [register, register.newestOfParity(viewer.roles[0].key === 'agent' ? 'odd' : 'even')],
      [register, register.newestOfParity(viewer.permissions.includes('jobs:read:sites') ? 'odd' : 'even')],
    ],
  });
}

function guests({ guest: { person, register } }: CheckedTenant): ReadShape[] {
  const common = { token: person.token, registers: [register] };
  return [
    shape({
      name: 'role of a guest',
      weight: 2,
      ...common,
      query: 'query CheckGuest { viewer { roles { name } permissions } }',
      seen: ({ viewer }) => [
        [register, Number(viewer.roles[0].name)],
        [register, register.newestOfParity(viewer.permissions.includes('assets:read') ? 'even' : 'odd')],
      ],
    }),
    {
      name: 'guarded',
      weight: 2,
      ...common,
      body: JSON.stringify({ query: 'query CheckGuarded { assets(first: 1) { totalCount } }' }),
      sightings(answer) {
        const isForbidden = answer.errors?.[0]?.extensions?.code === 'FORBIDDEN';
        if (!isForbidden) dataOf(answer);
        return [[register, register.newestOfParity(isForbidden ? 'odd' : 'even')]];
      },
    },
  ];
}

function versionsIn({ assets }: any): Map<string, number> {
  return new Map(assets.edges.map(({ node }: any) => [node.id, node.version]));
}

function dataOf({ data, errors }: Answer): any {
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}
