import { dirname, join, normalize } from 'node:path/posix';

/** One file below src/, by its path from there: `http/yoga.ts`. */
export interface SourceFile {
  path: string;
  text: string;
}

interface Import {
  /** `db/session.ts` */
  target: string;
  /** Erased by the compiler: it can form no cycle at run time. */
  typeOnly: boolean;
}

/**
 * Which rooms each room may know, beside its own. `modules/<noun>` are rooms of their own: they meet by name only.
 * app wires, so it knows everyone.
 */
const mayKnow: Record<string, readonly string[]> = {
  errors: [],
  ids: [],
  cache: [],
  db: ['cache', 'errors', 'ids'],
  graphql: ['cache', 'db', 'errors', 'ids'],
  module: ['db', 'graphql', 'errors', 'ids'],
  modules: ['module'],
  http: ['cache', 'db', 'graphql', 'errors', 'ids'],
  seed: ['db', 'errors', 'ids', 'modules/tenant'],
  import: ['db', 'errors', 'ids'],
  cli: ['app', 'db', 'errors', 'http', 'ids', 'import', 'main', 'seed'],
  jobs: ['app', 'db', 'errors', 'ids'],
  admin: ['generated'],
  generated: [],
  main: ['app', 'errors'],
};

const environmentReader = 'app/config.ts';
const maxLines = 250;
const nameless = /^(utils?|common|helpers?|misc|shared|lib|stuff)$/;
const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)+$/;

/** Everything in a source tree that breaks the rules of the house; empty when it stands. */
export function findViolations(files: readonly SourceFile[]): string[] {
  return [...files.flatMap(checkImports), ...files.flatMap(checkFile), ...findCycles(files)];
}

function checkImports(file: SourceFile): string[] {
  const from = roomOf(file.path);
  const computed = /\bimport\s*\(\s*[^'"\s]/.test(code(file)) ? [`${file.path} imports a computed path`] : [];
  const forbidden = importsOf(file)
    .filter(({ target }) => !isAllowed(from, roomOf(target)))
    .map(({ target }) => `${file.path} must not import ${target}: ${from} may not know ${roomOf(target)}`);
  const sideDoors = importsOf(file)
    .filter(({ target }) => target.startsWith('cache/') && target !== 'cache/index.ts' && from !== 'cache')
    .map(({ target }) => `${file.path} must not import ${target}: the cache has one door, cache/index.ts`);
  return [...computed, ...forbidden, ...sideDoors];
}

function isAllowed(from: string, to: string): boolean {
  if (from === to || from === 'app') return true;
  const known = mayKnow[kindOf(from)] ?? [];
  return known.includes(to) || known.includes(kindOf(to));
}

function checkFile(file: SourceFile): string[] {
  const names = file.path.split('/');
  const name = names.at(-1) ?? '';
  const lines = file.text.split('\n').length - 1;
  return [
    ...(names.some((part) => nameless.test(part.replace(/\..*/, ''))) ? [`${file.path} is named for nothing`] : []),
    ...(kebabCase.test(name) ? [] : [`${file.path} is not in kebab-case`]),
    ...(lines > maxLines ? [`${file.path} has ${lines} lines; ${maxLines} are enough`] : []),
    ...(file.path !== environmentReader && readsEnvironment(code(file))
      ? [`${file.path} reads the environment; only ${environmentReader} does`]
      : []),
  ];
}

function readsEnvironment(text: string): boolean {
  return /\bprocess\s*\??\.\s*env\b|\benv\b[^=;]*\}\s*=\s*process\b|from ['"](node:)?process['"]/.test(text);
}

/** Each cycle of imports once, by the path that closes it. */
function findCycles(files: readonly SourceFile[]): string[] {
  const targets = new Map(
    files.map((file) => [
      file.path,
      importsOf(file)
        .filter(({ typeOnly }) => !typeOnly)
        .map(({ target }) => target),
    ]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) return void cycles.push(`A cycle: ${[...trail.slice(start), path].join(' -> ')}`);
    if (done.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return cycles;
}

/** The imports of our own files: static, re-exporting, dynamic, and the modules it merges types into. */
function importsOf(file: SourceFile): Import[] {
  const text = code(file);
  const found = [
    ...text.matchAll(
      /^\s*(?<keyword>import|export)(?<type>\s+type)?\b(?:[^'";()]*?\bfrom)?\s*['"](?<path>\.[^'"]+)['"]/gm,
    ),
    ...text.matchAll(/\bimport\s*\(\s*['"](?<path>\.[^'"]+)['"]/g),
    ...text.matchAll(/\bdeclare module (?<type>)['"](?<path>\.[^'"]+)['"]/g),
  ];
  return found.map(({ groups }) => ({
    target: normalize(join(dirname(file.path), groups?.path ?? '')),
    typeOnly: groups?.type !== undefined,
  }));
}

/** Without its comments, as far as a line can tell. */
function code({ text }: SourceFile): string {
  return text.replaceAll(/^\s*\/\*[^]*?\*\//gm, '').replaceAll(/(^|\s)\/\/.*$/gm, '');
}

/** `http`, `modules/people`, `errors`; `modules` for its index, which only imports. */
function roomOf(path: string): string {
  const [room = '', next] = path.split('/');
  if (next === undefined) return room.replace(/\.ts$/, '');
  return room === 'modules' && next !== 'index.ts' ? `modules/${next}` : room;
}

function kindOf(room: string): string {
  return room.startsWith('modules/') ? 'module' : room;
}
