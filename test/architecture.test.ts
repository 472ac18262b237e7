import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findViolations, type SourceFile } from './support/architecture.ts';

const source = join(import.meta.dirname, '../src');
const text = /\.(tsx?|sql|css|html)$/;

describe('the source tree', () => {
  it('keeps the rules of the house', () => {
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((path) => text.test(path) && !path.startsWith('generated/'))
      .map((path): SourceFile => ({ path, text: readFileSync(join(source, path), 'utf8') }));
    expect(files.length).toBeGreaterThan(50);
    expect(findViolations(files)).toEqual([]);
  });
});

describe('the rules', () => {
  const file = (path: string, body: string): SourceFile => ({ path, text: body });
  const forbidden: [path: string, body: string][] = [
    ['cache/entry.ts', `import { AppError } from '../errors.ts';`],
    ['cache/entry.ts', `import type { TenantId } from '../ids.ts';`],
    ['db/pool.ts', `export * from '../graphql/context.ts';`],
    ['graphql/context.ts', `import '../modules/people/loaders.ts';`],
    ['graphql/context.ts', `import {\n  loadViewer,\n} from '../modules/people/load-viewer.ts';`],
    ['modules/people/schema.ts', `import { ticketRow } from '../tickets/table.ts';`],
    ['modules/people/schema.ts', `declare module '../tickets/table.ts' { interface Row {} }`],
    ['modules/people/schema.ts', `import { createYoga } from '../../http/yoga.ts';`],
    ['http/yoga.ts', `const load = () => import('../modules/people/load-viewer.ts');`],
    ['http/yoga.ts', `import '../modules/index.ts';`],
    ['cli/token.ts', `import { loadViewer } from '../modules/people/load-viewer.ts';`],
    ['import/rows.ts', `import { seedDemo } from '../seed/seed-demo.ts';`],
    ['db/pool.ts', `import { parseConfig } from '../app/config.ts';`],
    ['db/change-log.ts', `import { key } from '../cache/key.ts';`],
    ['db/pool.ts', `const load = (name: string) => import(name);`],
  ];
  it.each(forbidden)('refuse in %s: %s', (path, body) => {
    expect(findViolations([file(path, body)])).toHaveLength(1);
  });

  it('let a room know what it may know, and app everybody', () => {
    const allowed = [
      file('db/pool.ts', `import { AppError } from '../errors.ts';\nimport type { Log } from '../cache/index.ts';`),
      file('modules/people/schema.ts', `import { builder } from '../../graphql/builder.ts';\nimport './person.ts';`),
      file('modules/index.ts', `import './people/schema.ts';`),
      file('app/create-app.ts', `import { loadViewer } from '../modules/people/load-viewer.ts';`),
      file('http/yoga.ts', `// import '../modules/index.ts';\nimport { createYoga } from 'graphql-yoga';`),
    ];
    expect(findViolations(allowed)).toEqual([]);
  });

  it('refuse a cycle, whatever its length, and name it', () => {
    const ring = [
      file('db/one.ts', `import './two.ts';`),
      file('db/two.ts', `export { three } from './three.ts';`),
      file('db/three.ts', `const one = () => import('./one.ts');`),
    ];
    expect(findViolations(ring)).toEqual(['A cycle: db/one.ts -> db/two.ts -> db/three.ts -> db/one.ts']);
  });

  it('allow two files to know each other by type', () => {
    const pair = [file('db/one.ts', `import type { Two } from './two.ts';`), file('db/two.ts', `import './one.ts';`)];
    expect(findViolations(pair)).toEqual([]);
  });

  it.each([
    ['http/yoga.ts', 'const port = process.env.PORT;'],
    ['http/yoga.ts', `const { env } = process;`],
    ['http/yoga.ts', `import { env } from 'node:process';`],
    ['http/yogaServer.ts', ''],
    ['http/Yoga.ts', ''],
    ['http/utils.ts', ''],
    ['db/common/pool.ts', ''],
    ['db/pool.ts', '\n'.repeat(251)],
  ])('refuse in %s: %j', (path, body) => {
    expect(findViolations([file(path, body)])).toHaveLength(1);
  });

  it('let the settings read the environment', () => {
    expect(findViolations([file('app/config.ts', 'const port = process.env.PORT;')])).toEqual([]);
  });
});
