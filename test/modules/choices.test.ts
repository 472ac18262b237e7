import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => void (world = await createWorld()));
afterAll(() => world.close());

const upsert = /* GraphQL */ `
  mutation ($input: UpsertChoiceInput!) {
    upsertChoice(input: $input) {
      __typename
      ... on UpsertChoicePayload {
        clientMutationId
        choice {
          id
          kind
          key
          label
          position
          active
        }
      }
      ... on Error {
        message
      }
      ... on ValidationError {
        fields {
          field
          message
        }
      }
    }
  }
`;

describe('upsertChoice', () => {
  it('adds an entry, and the list shows it', async () => {
    const { admin } = world.acme.people;
    const input = { kind: 'ASSET_TYPE', key: 'laptop', label: 'Laptop', clientMutationId: 'mine' };
    const { data } = await world.ask(admin.token, upsert, { variables: { input } });
    expect(data.upsertChoice).toMatchObject({ clientMutationId: 'mine', choice: { key: 'laptop', active: true } });
    const list = await world.ask(admin.token, '{ choices(kind: ASSET_TYPE) { id label } }');
    expect(list.data.choices).toContainEqual({ id: data.upsertChoice.choice.id, label: 'Laptop' });
  });

  it('answers a retry with the same Idempotency-Key as it answered the first time', async () => {
    const { admin } = world.acme.people;
    const variables = { input: { kind: 'JOB_TYPE', key: 'round', label: 'Round' } };
    const headers = { 'idempotency-key': 'one' };
    const first = await world.ask(admin.token, upsert, { variables, headers });
    const second = await world.ask(admin.token, upsert, { variables, headers });
    expect(first.data.upsertChoice.choice.id).toBeTruthy();
    expect(second.data).toEqual(first.data);
  });

  it('names each field that is wrong and changes nothing', async () => {
    const { admin } = world.acme.people;
    const input = { kind: 'LEAVE_TYPE', key: 'Not A Key', label: '  ' };
    const { data } = await world.ask(admin.token, upsert, { variables: { input } });
    expect(data.upsertChoice.__typename).toBe('ValidationError');
    expect(data.upsertChoice.fields.map((problem: { field: string }) => problem.field)).toEqual(['key', 'label']);
  });

  it('is refused to those without the permission', async () => {
    const input = { kind: 'LEAVE_TYPE', key: 'holiday', label: 'Holiday' };
    const { data } = await world.ask(world.acme.people.member.token, upsert, { variables: { input } });
    expect(data.upsertChoice.__typename).toBe('ForbiddenError');
    const agent = await world.ask(world.acme.people.agent.token, upsert, { variables: { input } });
    expect(agent.data.upsertChoice.__typename).toBe('ForbiddenError');
  });

  it('changes the entry with the same kind and key, and leaves alone what is not sent', async () => {
    const first = await put({ kind: 'JOB_TYPE', key: 'audit', label: 'Audit', position: 7 });
    const second = await put({ kind: 'JOB_TYPE', key: 'audit', label: 'Yearly audit', active: false });
    expect(second.choice).toEqual({ ...first.choice, label: 'Yearly audit', active: false });
  });

  it('renames an entry by its id', async () => {
    const { choice } = await put({ kind: 'JOB_TYPE', key: 'old-name', label: 'Old' });
    const renamed = await put({ id: choice.id, kind: 'JOB_TYPE', key: 'new-name', label: 'New' });
    expect(renamed.choice).toMatchObject({ id: choice.id, key: 'new-name', label: 'New' });
  });

  it('does not give an entry the key of another, nor another list', async () => {
    const { choice } = await put({ kind: 'LEAVE_TYPE', key: 'sick', label: 'Sick' });
    await put({ kind: 'LEAVE_TYPE', key: 'parental', label: 'Parental' });
    expect(await put({ id: choice.id, kind: 'LEAVE_TYPE', key: 'parental', label: 'Sick' })).toMatchObject({
      __typename: 'ConflictError',
      message: expect.stringContaining('"parental"'),
    });
    expect(await put({ id: choice.id, kind: 'ASSET_TYPE', key: 'sick', label: 'Sick' })).toMatchObject({
      __typename: 'ValidationError',
      fields: [{ field: 'kind' }],
    });
  });

  it('knows no entry of another tenant', async () => {
    const { choice } = await put({ kind: 'LEAVE_TYPE', key: 'unpaid', label: 'Unpaid' });
    const input = { id: choice.id, kind: 'LEAVE_TYPE', key: 'unpaid', label: 'Mine' };
    const { data } = await world.ask(world.globex.people.admin.token, upsert, { variables: { input } });
    expect(data.upsertChoice.__typename).toBe('NotFoundError');
    const own = await world.ask(world.globex.people.admin.token, '{ choices(kind: LEAVE_TYPE) { id } }');
    expect(own.data.choices).toEqual([]);
  });

  it('leaves one entry where two add the same at once', async () => {
    const both = await Promise.all(
      ['One', 'Two'].map((label) => put({ kind: 'TICKET_CATEGORY', key: 'at-once', label })),
    );
    expect(both[0].choice.id).toBe(both[1].choice.id);
  });

  it('says that a NUL character cannot be stored', async () => {
    expect(await put({ kind: 'LEAVE_TYPE', key: 'nul', label: 'a\u0000b' })).toMatchObject({
      __typename: 'ValidationError',
    });
  });
});

describe('choices', () => {
  it('lists by position, then by label, and inactive entries only where they are asked for', async () => {
    for (const [key, position, active] of [
      ['c', 1, true],
      ['b', 2, true],
      ['a', 2, true],
      ['gone', 0, false],
    ] as const) {
      await put({
        kind: 'TICKET_CATEGORY',
        key: `order-${key}`,
        label: `order ${key}`,
        position: position - 100,
        active,
      });
    }
    const list = async (includeInactive: boolean) => {
      const query = 'query ($all: Boolean) { choices(kind: TICKET_CATEGORY, includeInactive: $all) { key } }';
      const { data } = await world.ask(world.acme.people.member.token, query, { variables: { all: includeInactive } });
      return data.choices.map(({ key }: { key: string }) => key).filter((key: string) => key.startsWith('order-'));
    };
    expect(await list(false)).toEqual(['order-c', 'order-a', 'order-b']);
    expect(await list(true)).toEqual(['order-gone', 'order-c', 'order-a', 'order-b']);
  });

  it('are found by their id within the tenant only', async () => {
    const { choice } = await put({ kind: 'ASSET_TYPE', key: 'node', label: 'Node' });
    const query = 'query ($id: ID!) { node(id: $id) { ... on Choice { label } } }';
    const variables = { id: choice.id };
    const own = await world.ask(world.acme.people.member.token, query, { variables });
    expect(own.data.node).toEqual({ label: 'Node' });
    const foreign = await world.ask(world.globex.people.admin.token, query, { variables });
    expect(foreign.data.node).toBeNull();
  });
});

async function put(input: Record<string, unknown>) {
  const { data } = await world.ask(world.acme.people.admin.token, upsert, { variables: { input } });
  return data.upsertChoice;
}
