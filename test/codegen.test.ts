import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from '@graphql-codegen/cli';
import { expect, it } from 'vitest';
import config from '../codegen.ts';

const root = join(import.meta.dirname, '..');

it(
  'has typed the operations as they are: `npm run codegen` writes src/generated anew',
  { timeout: 120_000 },
  async () => {
    const made: { filename: string; content: string }[] = await generate({ ...config, cwd: root, silent: true }, false);
    const expected = Object.fromEntries(made.map(({ filename, content }) => [filename.split('/').at(-1), content]));
    const kept = await readdir(join(root, 'src/generated'));
    expect(kept.toSorted()).toEqual(Object.keys(expected).toSorted());
    for (const name of kept) {
      const stale = (await readFile(join(root, 'src/generated', name), 'utf8')) !== expected[name];
      expect(stale, `${name} is not what codegen makes`).toBe(false);
    }
  },
);
