import { readdir, readFile } from 'node:fs/promises';

/** One tab of GraphiQL. */
export interface Tab {
  query: string;
  /** JSON. */
  variables?: string;
}

const folder = new URL('../../../schema/operations/', import.meta.url);

/** What a visitor wants to see first; the other operations follow by name. */
const first = ['Dashboard', 'TicketList', 'TicketPage', 'PersonPage'];

/** The named operations of `schema/operations/`, as tabs in a sensible order. */
export async function loadTabs(): Promise<Tab[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.graphql')).toSorted();
  const named = await Promise.all(
    files.map(async (file) => {
      const query = await readFile(new URL(file, folder), 'utf8');
      return { name: /^\s*(?:query|mutation)\s+(\w+)/m.exec(query)?.[1] ?? file, query };
    }),
  );
  const rank = ({ name }: { name: string }) => (first.includes(name) ? first.indexOf(name) : first.length);
  return named.toSorted((a, b) => rank(a) - rank(b)).map(({ query }) => ({ query }));
}
