import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../src/cli/program.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = [
  ...readdirSync(root),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((path) => join('docs', path)),
]
  .filter((path) => path.endsWith('.md'))
  .toSorted();

describe('the pages', () => {
  it('are found', () => {
    expect(pages).toEqual(
      expect.arrayContaining(['README.md', 'docs/modes.md', 'docs/decisions/0001-embedded-postgres.md']),
    );
  });

  it.each(pages)('link to what there is: %s', (page) => {
    expect(deadLinks(page, read(page), read)).toEqual([]);
  });

  it.each(pages)('name files, scripts and commands that there are: %s', (page) => {
    expect(unknownNames(read(page))).toEqual([]);
  });

  it('of docs can all be reached from the README', () => {
    const reached = new Set<string>();
    const follow = (page: string) => {
      if (reached.has(page) || !pages.includes(page)) return;
      reached.add(page);
      for (const { path } of linksOf(page, read(page))) follow(path);
    };
    follow('README.md');
    const decisions = /^docs\/decisions\//; // a link to the folder lists them
    expect(pages.filter((page) => !reached.has(page) && !decisions.test(page))).toEqual([]);
  });

  it('list every setting that there is, and no other', () => {
    const known = [...read('src/app/config.ts').matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map(([, name]) => name);
    const cells = [...read('docs/settings.md').matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell]) => cell ?? '');
    const listed = cells.flatMap((cell) => [...cell.matchAll(/`([A-Z0-9_]+)`/g)].map(([, name]) => name));
    expect(known.length).toBeGreaterThan(10);
    expect(new Set(listed)).toEqual(new Set(known));
  });
});

describe('a page that is wrong', () => {
  const other = () => '# One thing\n\n## What it *costs*: `money`';
  it.each([
    ['[gone](nowhere.md)', 'nowhere.md'],
    ['[gone](../src/nothing.ts)', '../src/nothing.ts'],
    ['[gone](modes.md#no-such-part)', 'modes.md#no-such-part'],
    ['[gone](#here)', '#here'],
  ])('is found out by its links: %s', (text, target) => {
    expect(deadLinks('docs/page.md', text, other)).toEqual([target]);
  });

  it('is left alone where its links are right', () => {
    const text = '[a](modes.md#what-it-costs-money) [b](https://example.com/x) [c](decisions/) ```[d](no.md)```';
    expect(deadLinks('docs/page.md', text, other)).toEqual([]);
  });

  it.each([
    ['see `src/graphql/nothing.ts`', 'src/graphql/nothing.ts'],
    ['`npm run nothing`', 'npm run nothing'],
    ['`npx freshfield nothing`', 'freshfield nothing'],
    ['`npx freshfield purge --hard`', 'freshfield purge --hard'],
    ['```sh\nnpx vitest run test/no-such\n```', 'test/no-such'],
  ])('is found out by what it names: %s', (text, name) => {
    expect(unknownNames(text)).toEqual([name]);
  });
});

interface Link {
  /** As it is written. */
  target: string;
  /** From the root. */
  path: string;
  anchor?: string;
}

function linksOf(page: string, text: string): Link[] {
  const prose = text.replace(/```[\s\S]*?```|`[^`\n]*`/g, (code) => (code.startsWith('```') ? '' : 'x'));
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [file, anchor] = target.split('#');
    return [{ target, path: file ? join(dirname(page), file) : page, anchor }];
  });
}

/** Links of a page to files and headings that there are not. */
function deadLinks(page: string, text: string, textOf: (path: string) => string): string[] {
  const isDead = ({ path, anchor }: Link) => {
    if (path !== page && !existsSync(join(root, path))) return true;
    return anchor !== undefined && !headingsOf(path === page ? text : textOf(path)).includes(anchor);
  };
  return linksOf(page, text)
    .filter(isDead)
    .map(({ target }) => target);
}

/** As GitHub makes anchors of them. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}

const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
const program = createProgram();

/** Paths, npm scripts, commands and their options that code in the text names, and that there are not. */
function unknownNames(text: string): string[] {
  const added = named(text, /`([^`\n]+)`[^`\n]*:\n\n```(?!diff)/g); // by whoever does what the page says
  const code = [...text.matchAll(/```[\s\S]*?```|`[^`\n]+`/g)].map(([match]) => match).join('\n');
  return [
    ...named(code, /(?<![\w./-])((?:src|test|bench|script|schema|docs)\/[\w./-]+)/g).filter(
      (path) => !isThere(path) && !added.includes(path),
    ),
    ...named(code, /npm run ([\w:-]+)/g)
      .filter((name) => !(name in scripts))
      .map((name) => `npm run ${name}`),
    ...named(code, /npx (freshfield[^|`\n#]*)/g).flatMap(unknownOfCommand),
  ];
}

function named(code: string, pattern: RegExp): string[] {
  return [...code.matchAll(pattern)].map(([, name = '']) => name.replace(/[.\s]+$/, ''));
}

/** `test/cache/codec` names all that begin so, as vitest takes it. */
function isThere(path: string): boolean {
  const folder = join(root, dirname(path));
  return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith(basename(path)));
}

function unknownOfCommand(line: string): string[] {
  const [, name, ...rest] = line.split(/\s+/);
  if (name === undefined || name.startsWith('-') || name.startsWith('<')) return [];
  const command = program.commands.find((known) => known.name() === name);
  if (!command) return [`freshfield ${name}`];
  return rest
    .filter((word) => word.startsWith('--') && !command.options.some(({ long }) => long === word) && word !== '--help')
    .map((option) => `freshfield ${name} ${option}`);
}
