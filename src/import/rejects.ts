import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { AppError } from '../errors.ts';

/** Where rows go that could not be loaded: a CSV file of line number, reason and the row itself. */
export interface Rejects {
  readonly count: number;
  add(rejected: { line: number; text: string }, reason: string): void;
  /** Writes everything down; a file with nothing in it is removed. */
  close(): void;
}

const maxTextLength = 2_000;
const bufferLength = 65_536;

/** Opens the file at once: one that cannot be written should be known before the import, not after. */
export function openRejects(path: string): Rejects {
  const file = open(path);
  let buffer = 'line,reason,row\n';
  let count = 0;
  const flush = () => {
    writeSync(file, buffer);
    buffer = '';
  };
  return {
    get count() {
      return count;
    },
    add({ line, text }, reason) {
      count += 1;
      buffer += `${line},${quote(reason)},${quote(text.slice(0, maxTextLength).replaceAll('\0', '\uFFFD'))}\n`;
      if (buffer.length > bufferLength) flush();
    },
    close() {
      flush();
      closeSync(file);
      if (count === 0) rmSync(path, { force: true });
    },
  };
}

function open(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    const reason = (error as Error).message;
    throw new AppError('BAD_USER_INPUT', `The rejects file cannot be written: ${reason}. Name another with --rejects.`);
  }
}

function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
