import { readdir, readFile } from 'node:fs/promises';
import { Kind, OperationTypeNode, parse, type OperationDefinitionNode } from 'graphql';
import { exampleVariables } from './example-variables.ts';

/** One tab of GraphiQL. */
export interface Tab {
  query: string;
  /** JSON; absent where the operation runs without. */
  variables?: string;
}

const folder = new URL('../../../schema/operations/', import.meta.url);

/** What a visitor wants to see first. The other queries follow by name, then the mutations. */
const first = ['Dashboard', 'Viewer', 'Tickets', 'Ticket', 'TicketStatistics', 'MonthlyTrends', 'People', 'Attendance'];

/** The named operations of `schema/operations/`, as tabs in a sensible order. */
export async function loadTabs(now: Date): Promise<Tab[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.graphql')).toSorted();
  const tabs = await Promise.all(
    files.map(async (file) => {
      const query = await readFile(new URL(file, folder), 'utf8');
      const operation = parse(query).definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
      return operation ? [{ rank: rankOf(operation), query, variables: exampleVariables(operation, now) }] : [];
    }),
  );
  return tabs
    .flat()
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ query, variables }) => ({ query, ...(variables && { variables: JSON.stringify(variables, null, 2) }) }));
}

function rankOf({ name, operation }: OperationDefinitionNode): number {
  if (operation === OperationTypeNode.MUTATION) return first.length + 1;
  const place = first.indexOf(name?.value ?? '');
  return place < 0 ? first.length : place;
}
