import { buildSchema, isInterfaceType, type GraphQLInputObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printSdl } from '../../src/app/print-sdl.ts';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { fillEveryTable, tenantTables } from '../support/fill-tables.ts';
import { createWorld, type World } from '../support/world.ts';

// What a client may try who has got hold of another tenant's ids.
const tableOf: Record<string, string> = {
  Asset: 'assets',
  Attendance: 'attendance',
  Choice: 'choices',
  Customer: 'customers',
  Job: 'jobs',
  LeaveRequest: 'leave_requests',
  Notification: 'notifications',
  Person: 'people',
  Role: 'roles',
  Shift: 'shifts',
  Site: 'sites',
  Team: 'teams',
  Tenant: 'tenants',
  Ticket: 'tickets',
  TicketComment: 'ticket_comments',
  TicketEvent: 'ticket_events',
};

let world: World;
/** The global id of a row of globex, of each type. */
const foreign: Record<string, string> = {};
const schema = buildSchema(printSdl());

beforeAll(async () => {
  world = await createWorld();
  const { owner } = world.database;
  const tables = (await tenantTables(owner)).filter(({ name }) => Object.values(tableOf).includes(name));
  await fillEveryTable(owner, tables, [world.acme.id, world.globex.id]);
  await owner.query(`UPDATE notifications SET person_id = $1 WHERE tenant_id = $2`, [
    world.globex.people.admin.id,
    world.globex.id,
  ]);
  await owner.query(
    `UPDATE ticket_comments SET ticket_id = t.id FROM tickets t WHERE t.tenant_id = ticket_comments.tenant_id`,
  );
  await owner.query(
    `UPDATE ticket_events SET ticket_id = t.id FROM tickets t WHERE t.tenant_id = ticket_events.tenant_id`,
  );
  for (const [type, table] of Object.entries(tableOf)) {
    const tenantColumn = table === 'tenants' ? 'id' : 'tenant_id';
    const { rows } = await owner.query(`SELECT id FROM ${table} WHERE ${tenantColumn} = '${world.globex.id}' LIMIT 1`);
    foreign[type] = encodeGlobalId(type, rows[0].id);
  }
});
afterAll(() => world.close());

describe("another tenant's ids", () => {
  it('are tried for every type that has one', () => {
    const node = schema.getType('Node');
    const types = isInterfaceType(node) ? schema.getPossibleTypes(node).map(({ name }) => name) : [];
    expect(types.toSorted()).toEqual(Object.keys(tableOf));
  });

  it('find nothing by node and nodes, where its own people find everything', async () => {
    const query = 'query ($ids: [ID!]!, $id: ID!) { node(id: $id) { __typename } nodes(ids: $ids) { __typename } }';
    const types = Object.keys(tableOf);
    const ids = types.map((type) => foreign[type]);
    for (const [type, id] of Object.entries(foreign)) {
      const spied = await world.ask(world.acme.people.admin.token, query, { variables: { ids, id } });
      expect(spied.data, type).toEqual({ node: null, nodes: types.map(() => null) });
      expect(spied.errors).toBeUndefined();
    }
    const owned = await world.ask(world.globex.people.admin.token, query, { variables: { ids, id: ids[0] } });
    expect(owned.data.nodes).toEqual(types.map((type) => ({ __typename: type })));
  });

  it('find nothing by the queries that take one', async () => {
    const queries = Object.values(schema.getQueryType()?.getFields() ?? {}).flatMap((field) =>
      field.args.filter(({ name }) => name === 'id').map(() => field.name),
    );
    expect(queries).toEqual(expect.arrayContaining(['node', 'person', 'ticket']));
    for (const name of queries.filter((query) => query !== 'node')) {
      const type = `${name[0]?.toUpperCase()}${name.slice(1)}`;
      const query = `query ($id: ID!) { ${name}(id: $id) { id } }`;
      const variables = { id: foreign[type] };
      expect((await world.ask(world.acme.people.admin.token, query, { variables })).data, name).toEqual({
        [name]: null,
      });
      const owned = await world.ask(world.globex.people.admin.token, query, { variables });
      expect(owned.data[name], name).toEqual({ id: foreign[type] });
    }
  });
});

/** Mutations of something that is there: which type it is, under which field of the input, and what else they need. */
const changes: Record<string, { type: string; field?: string; list?: true; input?: object }> = {
  addTicketComment: { type: 'Ticket', field: 'ticketId', input: { body: 'Hello' } },
  assignShift: { type: 'Shift', input: { version: 1, personId: null } },
  assignTicket: { type: 'Ticket', input: { assigneeId: null } },
  bulkUpdateTickets: { type: 'Ticket', field: 'ids', list: true, input: { priority: 'LOW' } },
  completeJob: { type: 'Job', input: { version: 1 } },
  correctAttendance: { type: 'Attendance', input: { version: 1, note: 'Corrected' } },
  deactivatePerson: { type: 'Person' },
  decideLeave: { type: 'LeaveRequest', input: { version: 1, decision: 'APPROVED' } },
  deleteTicket: { type: 'Ticket' },
  markNotificationsRead: { type: 'Notification', field: 'ids', list: true },
  setPersonRoles: { type: 'Person', input: { roleIds: [] } },
  transitionTicket: { type: 'Ticket', input: { status: 'IN_PROGRESS' } },
  updateAsset: { type: 'Asset', input: { version: 1, name: 'Mine' } },
  updatePerson: { type: 'Person', input: { version: 1, name: 'Mine' } },
  updateTicket: { type: 'Ticket', input: { version: 1, title: 'Mine' } },
  upsertChoice: { type: 'Choice', input: { kind: 'JOB_TYPE', key: 'mine', label: 'Mine' } },
};

describe("a change of another tenant's row", () => {
  it('is tried by every mutation that names a row', () => {
    const all = Object.values(schema.getMutationType()?.getFields() ?? {});
    const mutations = all.filter(({ name }) => name !== 'purgeCache'); // names what its own tenant has cached, no row
    const naming = mutations.filter(({ args }) => {
      const input = args[0]?.type.toString().replace('!', '') ?? '';
      const fields = Object.keys((schema.getType(input) as GraphQLInputObjectType).getFields());
      return fields.some((field) => ['id', 'ids', 'ticketId'].includes(field));
    });
    expect(naming.map(({ name }) => name).toSorted()).toEqual(Object.keys(changes));
  });

  it.each(Object.entries(changes))(
    '%s finds nothing and changes nothing',
    async (name, { type, field = 'id', list, input }) => {
      const inputType = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
      const mutation = `mutation ($input: ${inputType}!) { ${name}(input: $input) { __typename ... on Error { message } } }`;
      const id = foreign[type];
      const before = await rowsOf(type);
      const variables = { input: { [field]: list ? [id] : id, ...input } };
      const { data, errors } = await world.ask(world.acme.people.admin.token, mutation, { variables });
      expect(errors).toBeUndefined();
      expect(data[name]).toMatchObject({ __typename: 'NotFoundError' });
      expect(await rowsOf(type)).toEqual(before);
    },
  );
});

async function rowsOf(type: string): Promise<unknown[]> {
  const { rows } = await world.database.owner.query(
    `SELECT * FROM ${tableOf[type]} WHERE tenant_id = '${world.globex.id}' ORDER BY id`,
  );
  return rows;
}
