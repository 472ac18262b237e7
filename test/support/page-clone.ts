import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const copied = ['src', 'schema', 'package.json', 'tsconfig.json', '.oxlintrc.json', '.oxfmtrc.json'];

/** A copy of the sources in which somebody has done what a page says. */
export interface PageClone {
  readonly folder: string;
  /** The files that the page adds, from the root. */
  readonly added: readonly string[];
  /** Runs a program of the packages, or `freshfield`, to its end. */
  run(
    program: string,
    args: readonly string[],
    env?: Record<string, string>,
  ): { status: number | null; output: string };
  serve(env: Record<string, string>): Promise<{ baseUrl: string; stop(): Promise<void> }>;
  remove(): void;
}

/**
 * Under each line of a page that ends in a path within backticks and a colon stands either a new file, or, as `diff`,
 * lines to add to one: each goes after the line above it, which stays.
 */
export function clonePage(page: string): PageClone {
  const folder = mkdtempSync(join(tmpdir(), 'freshfield-page-'));
  for (const path of copied) cpSync(join(root, path), join(folder, path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const added: string[] = [];
  for (const { path, language, code } of blocksOf(readFileSync(join(root, page), 'utf8'))) {
    const file = join(folder, path);
    if (language === 'diff') {
      writeFileSync(file, withAdded(readFileSync(file, 'utf8'), code, path));
    } else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, code, { flag: 'wx' });
      added.push(path);
    }
  }
  const tsx = import.meta.resolve('tsx');
  const command = (name: string) => ['--import', tsx, join(folder, name)];
  const environment = (env: Record<string, string>) => ({ PATH: process.env.PATH ?? '', ...env });
  return {
    folder,
    added,
    run(program, args, env = {}) {
      const words = program === 'freshfield' ? command('src/cli/main.ts') : [join(root, 'node_modules/.bin', program)];
      const { status, stdout, stderr } = spawnSync(process.execPath, [...words, ...args], {
        cwd: folder,
        env: environment(env),
        encoding: 'utf8',
      });
      return { status, output: stdout + stderr };
    },
    async serve(env) {
      const child = spawn(process.execPath, command('src/main.ts'), { cwd: folder, env: environment(env) });
      const closed = once(child, 'close');
      let said = '';
      const baseUrl = await new Promise<string>((resolve, reject) => {
        for (const stream of [child.stdout, child.stderr]) {
          stream.setEncoding('utf8').on('data', (text: string) => {
            said += text;
            const serving = /"address":"([^"]+)"[^\n]*"msg":"Serving"/.exec(said)?.[1];
            if (serving) resolve(serving);
          });
        }
        void closed.then(() => reject(new Error(`It does not serve: ${said}`)));
      });
      return {
        baseUrl,
        async stop() {
          child.kill();
          await closed;
        },
      };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function blocksOf(text: string): { path: string; language: string; code: string }[] {
  return [...text.matchAll(/`([^`\n]+)`[^`\n]*:\n\n```(\w+)\n([\s\S]*?)```/g)].map(
    ([, path = '', language = '', code = '']) => ({ path, language, code }),
  );
}

/** Fails where the line that others go after is not there, or there twice: then the page is behind the sources. */
function withAdded(text: string, diff: string, path: string): string {
  const lines = text.split('\n');
  let at = -1;
  for (const line of diff.trimEnd().split('\n')) {
    if (line.startsWith('+')) {
      at += 1;
      lines.splice(at, 0, line.slice(1));
    } else {
      at = lines.indexOf(line.slice(1), at + 1);
      if (at < 0) throw new Error(`${path} has no line "${line.slice(1)}" any more.`);
    }
  }
  return lines.join('\n');
}
