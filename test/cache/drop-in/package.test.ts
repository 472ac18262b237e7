import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../../support/built-server.ts';

const root = join(import.meta.dirname, '../../..');

describe('what the package exports', () => {
  beforeAll(ensureBuilt);

  it('is there, with its types', () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      exports: Record<string, string | Record<string, string>>;
    };
    const targets = Object.values(exports).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    );
    expect(targets.filter((target) => !existsSync(join(root, target)))).toEqual([]);
  });

  it('is packed with what it reads, and without what only its authors need', () => {
    const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
    });
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    const packed = files.map(({ path }) => path);
    expect(packed).toEqual(
      expect.arrayContaining([
        'dist/cache/index.js',
        'dist/cache/index.d.ts',
        'dist/db/postgres-log/schema.sql',
        'dist/db/migrations/0001-tenancy.sql',
        'schema/operations/dashboard.graphql',
      ]),
    );
    expect(packed.filter((path) => /^(src|test|bench|script)\//.test(path))).toEqual([]);
  });

  it('can be imported by its name', () => {
    const script = `
      import { createCoherentCache, useAwaitedInvalidations } from 'freshfield/cache';
      import { createPostgresLog } from 'freshfield/cache/postgres';
      const cache = createCoherentCache();
      await cache.get('k');
      await cache.set('k', { data: { n: 1 } }, [], 1_000);
      console.log(JSON.stringify([await cache.get('k'), typeof useAwaitedInvalidations, typeof createPostgresLog]));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual([{ data: { n: 1 } }, 'function', 'function']);
  });
});
