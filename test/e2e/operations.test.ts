import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getOperationAST, parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSchema } from '../../src/graphql/schema.ts';
import '../../src/modules/index.ts';
import { createDemo, type Demo } from '../support/demo.ts';
import { createFind, mutationInputs, queryVariables, type Find } from '../support/operation-variables.ts';
import { askGraphql, type Answer } from '../support/ask-graphql.ts';

const folder = join(import.meta.dirname, '../../schema/operations');
const documents = readdirSync(folder)
  .filter((file) => file.endsWith('.graphql'))
  .map((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const document = parse(text);
    const operation = getOperationAST(document);
    return { file, text, document, kind: String(operation?.operation), name: operation?.name?.value ?? '' };
  });

let demo: Demo;
let find: Find;
beforeAll(async () => {
  demo = await createDemo();
  find = createFind(demo.database.owner, 'acme');
});
afterAll(() => demo.close());

it('lie one to a file, which is named after it', () => {
  expect(documents.length).toBeGreaterThan(20);
  for (const { file, name } of documents) {
    expect(file).toBe(`${name.replaceAll(/(?!^)([A-Z])/g, '-$1').toLowerCase()}.graphql`);
  }
});

describe.each(documents.filter(({ kind }) => kind === 'query'))('the query $name', ({ name, text, document }) => {
  it('fits the schema', () => {
    expect(validate(buildSchema(), document)).toEqual([]);
  });

  it('answers an admin with something, and nobody with a surprise', async () => {
    const variables = (await queryVariables[name]?.(find)) ?? {};
    const { errors, status, data } = await ask('admin', text, variables);
    expect(errors).toBeUndefined();
    expect(status).toBe(200);
    expect(hasValue(data)).toBe(true);
    for (const role of ['manager', 'agent', 'member']) {
      const answer = await ask(role, text, variables);
      const codes = (answer.errors ?? []).map(({ extensions }) => extensions?.code);
      expect(codes.filter((code) => code !== 'FORBIDDEN')).toEqual([]);
    }
  });
});

describe.each(documents.filter(({ kind }) => kind === 'mutation'))('the mutation $name', ({ name, text, document }) => {
  it('fits the schema', () => {
    expect(validate(buildSchema(), document)).toEqual([]);
  });

  it('does what it is for', async () => {
    const inputOf = mutationInputs[name];
    if (!inputOf) throw new Error(`Say in test/support/operation-variables.ts what ${name} is to be tried with.`);
    const { errors, data } = await ask('admin', text, { input: await inputOf(find) });
    expect(errors).toBeUndefined();
    expect(Object.values(data)).toMatchObject([{ __typename: `${name}Payload` }]);
  });
});

it.each(['acme', 'globex'])('show every demo person of %s something of their own', async (tenant) => {
  const own = /* GraphQL */ `
    query ($me: ID!) {
      tickets(filter: { reporterId: [$me], status: [NEW, IN_PROGRESS, WAITING, RESOLVED] }) {
        totalCount
      }
      recentAttendance(personId: $me) {
        status
      }
      shifts(filter: { personId: [$me] }) {
        totalCount
      }
    }
  `;
  for (const role of ['admin', 'manager', 'agent', 'member']) {
    const me = await createFind(demo.database.owner, tenant)('people', `username = '${role}'`);
    const { errors, data } = await ask(role, own, { me: me.id }, tenant);
    expect(errors).toBeUndefined();
    expect(data.tickets.totalCount).toBeGreaterThan(0);
    expect(data.recentAttendance.length).toBeGreaterThan(0);
    expect(data.shifts.totalCount).toBeGreaterThan(0);
  }
});

async function ask(
  role: string,
  query: string,
  variables: Record<string, unknown>,
  tenant = 'acme',
): Promise<Answer<any>> {
  return askGraphql(demo.baseUrl)(demo.tokenOf(`${role}@${tenant}.test`), query, { variables });
}

/** Somewhere in it there is a value other than null, empty or zero. */
function hasValue(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return Boolean(value);
  return Object.values(value).some(hasValue);
}
