import { readdir, readFile } from 'node:fs/promises';

const folder = new URL('../migrations/', import.meta.url);
const declaration = /^SELECT track_changes\(\s*'(?<table>\w+)'\s*,\s*'(?<type>\w+)'/gm;

/**
 * The tables that log their changes, and what they are called in tags, as the migrations of this version declare them:
 * known without a database. By table name.
 */
export async function declaredTables(): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, folder), 'utf8')));
  return new Map(
    texts
      .flatMap((text) => [...text.matchAll(declaration)])
      .map(({ groups }) => [groups?.['table'] ?? '', groups?.['type'] ?? '']),
  );
}
