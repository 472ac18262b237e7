import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hashCode } from '../../src/app/code-hash.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'code-'));
  for (const folder of ['db/migrations', 'graphql', 'http', 'modules/tickets'])
    mkdirSync(join(root, folder), { recursive: true });
  write('modules/tickets/table.js', 'export const one = 1;');
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (file: string, text: string) => writeFileSync(join(root, file), text);

it('is the same for the same code, wherever it lies', () => {
  const before = hashCode(root);
  expect(before).toMatch(/^[\w-]{16}$/);
  expect(hashCode(root)).toBe(before);
});

it.each([
  ['another line', () => write('modules/tickets/table.js', 'export const one = 2;')],
  ['another file', () => write('graphql/new.js', '')],
  ['another function in SQL', () => write('db/migrations/0001.sql', 'SELECT 1')],
])('is another for %s', (_what, change) => {
  const before = hashCode(root);
  change();
  expect(hashCode(root)).not.toBe(before);
});

it('does not look at what makes no values', () => {
  const before = hashCode(root);
  write('modules/tickets/table.d.ts', 'export declare const one: number;');
  write('modules/tickets/table.js.map', '{}');
  expect(hashCode(root)).toBe(before);
});
