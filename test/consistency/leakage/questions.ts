import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { buildSchema } from '../../../src/graphql/schema.ts';
import '../../../src/modules/index.ts';
import { createDice } from '../../support/dice.ts';
import { createFind, queryVariables } from '../../support/operation-variables.ts';
import { randomQuery } from '../twin/documents.ts';
import { idsOf } from '../twin/ids.ts';

/** An operation and its variables. */
export interface Question {
  readonly name: string;
  /** The same document under another name: nothing is known of it yet, and nothing kept. */
  text(round: string): string;
  readonly variables: Record<string, unknown>;
}

const folder = join(import.meta.dirname, '../../../schema/operations');

/** Every named query, about rows of both tenants, and what it leaves out. */
export async function namedQuestions(owner: pg.Pool): Promise<Question[]> {
  const questions: Question[] = [];
  const more = await moreVariables(owner);
  for (const file of readdirSync(folder)) {
    const text = readFileSync(join(folder, file), 'utf8');
    const name = /^query (\w+)/m.exec(text)?.[1];
    if (!name) continue;
    const add = (variables: Record<string, unknown>) => questions.push(question(name, text, variables));
    const required = queryVariables[name];
    if (required) for (const slug of ['acme', 'globex']) add(await required(createFind(owner, slug)));
    else add({});
    for (const variables of more[name] ?? []) add(variables);
  }
  questions.push(...(await guardedQuestions(owner)));
  return questions;
}

async function moreVariables(owner: pg.Pool): Promise<Record<string, Record<string, unknown>[]>> {
  const find = createFind(owner, 'acme');
  const member = (await find('people', `username = 'member'`)).id;
  const agentsSite = await find(
    'sites',
    `id = (SELECT site_id FROM people p WHERE p.username = 'agent' AND p.tenant_id = sites.tenant_id)`,
  );
  const otherSite = await find(
    'sites',
    `id NOT IN (SELECT site_id FROM people p WHERE p.username = 'agent' AND p.site_id IS NOT NULL)`,
  );
  const membersTicket = await find(
    'tickets',
    `id IN (SELECT ticket_id FROM ticket_comments WHERE internal)
     AND reporter_id IN (SELECT id FROM people WHERE username = 'member')`,
  );
  return {
    Ticket: [{ id: membersTicket.id }],
    Tickets: [{ filter: { reporterId: [member] } }, { filter: { siteId: [agentsSite.id] } }, { search: 'a', first: 5 }],
    Dashboard: [{ siteId: agentsSite.id }, { siteId: otherSite.id }],
    PersonPage: [{ personId: member }],
    AttendanceSummary: [{ personId: member, year: 2026, month: 11 }],
    RecentAttendance: [{ personId: member }],
    SearchPeople: [{ query: 'a', first: 20 }],
    Assets: [{ filter: { siteId: [agentsSite.id] } }],
  };
}

/** What only some may see, asked by everybody. */
async function guardedQuestions(owner: pg.Pool): Promise<Question[]> {
  const nodes = [];
  for (const slug of ['acme', 'globex']) {
    const find = createFind(owner, slug);
    for (const table of ['people', 'tickets', 'shifts', 'jobs', 'attendance', 'leave_requests'] as const) {
      nodes.push((await find(table)).id);
    }
  }
  return [
    question('Contacts', 'query Contacts { people(first: 50) { edges { node { name emergencyContact } } } }', {}),
    question('OwnContact', 'query OwnContact { viewer { person { emergencyContact } permissions } }', {}),
    question('Nodes', 'query Nodes($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Ticket { title } } }', {
      ids: nodes,
    }),
    question(
      'Reach',
      'query Reach { tickets(first: 3) { totalCount } assets(first: 3) { totalCount } sites { name } }',
      {},
    ),
  ];
}

/** Random selections with random arguments, ids of both tenants among them. */
export async function generatedQuestions(
  owner: pg.Pool,
  { count, seed }: { count: number; seed: number },
): Promise<Question[]> {
  const schema = buildSchema();
  const dice = createDice(seed);
  const { rows } = await owner.query<{ id: string }>('SELECT id FROM tenants ORDER BY slug');
  const [acme, globex] = await Promise.all(rows.map(({ id }) => idsOf(owner, id)));
  if (!acme || !globex) throw new Error('The demo tenants are missing.');
  const ids = new Map([...acme].map(([type, own]) => [type, [...own, ...(globex.get(type) ?? [])]]));
  return Array.from({ length: count }, (_, index) => {
    const name = `Generated${index}`;
    return question(name, `query ${name} ${randomQuery({ schema, dice, ids })}`, {});
  });
}

function question(name: string, text: string, variables: Record<string, unknown>): Question {
  return { name, text: (round) => text.replace(`query ${name}`, `query ${name}_${round}`), variables };
}
