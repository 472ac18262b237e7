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
    expect(list.data.choices).toEqual([{ id: data.upsertChoice.choice.id, label: 'Laptop' }]);
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
  });
});
