import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { AppError } from '../errors.ts';

/** One physical line of a file, without its line ending. */
export interface Line {
  /** Counted from 1, as editors do. */
  number: number;
  text: string;
  /** Why it cannot be read; `text` then only shows how it begins. */
  problem: string | null;
}

export interface LineChunk {
  lines: Line[];
  /** How far into the file the chunk reaches. */
  bytesRead: number;
}

/** Longer than any row of a log; a file without line ends must not fill the memory. */
const maxLineBytes = 65_536;
const excerptBytes = 200;
const newline = 0x0a;

/**
 * Reads a UTF-8 file in pieces of some hundred lines. Ends of line may be LF or CRLF, and a byte order mark is dropped.
 * Memory holds one piece and at most one unfinished line.
 */
export async function* readLines(path: string): AsyncGenerator<LineChunk> {
  let number = 0;
  let bytesRead = 0;
  let rest = Buffer.alloc(0);
  /** The beginning of a line that is too long, while its end is still to come. */
  let skipping: Buffer | null = null;

  for await (const piece of createReadStream(path, { highWaterMark: 262_144 }) as AsyncIterable<Buffer>) {
    if (bytesRead === 0) refuseUtf16(piece);
    bytesRead += piece.length;
    const lines: Line[] = [];
    let bytes = rest.length > 0 ? Buffer.concat([rest, piece]) : piece;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline)) {
      lines.push(toLine((number += 1), skipping ?? bytes.subarray(0, end), skipping !== null));
      skipping = null;
      bytes = bytes.subarray(end + 1);
    }
    if (skipping ?? bytes.length > maxLineBytes) {
      skipping ??= Buffer.from(bytes.subarray(0, excerptBytes));
      bytes = Buffer.alloc(0);
    }
    rest = Buffer.from(bytes); // a copy: the piece itself can go
    yield { lines, bytesRead };
  }
  if (skipping ?? rest.length > 0) {
    yield { lines: [toLine(number + 1, skipping ?? rest, skipping !== null)], bytesRead };
  }
}

function toLine(number: number, bytes: Buffer, cut: boolean): Line {
  if (cut || bytes.length > maxLineBytes) {
    return { number, text: excerpt(bytes), problem: `the line is longer than ${maxLineBytes} bytes` };
  }
  if (!isUtf8(bytes)) return { number, text: bytes.toString('latin1'), problem: 'the line is not UTF-8 text' };
  const text = bytes.toString('utf8').replace(/\r$/, '');
  const problem = text.includes('\0') ? 'the line holds a NUL character' : null;
  return { number, text: number === 1 ? text.replace(/^\uFEFF/, '') : text, problem };
}

function excerpt(bytes: Buffer): string {
  return `${bytes.subarray(0, excerptBytes).toString('latin1')}…`;
}

function refuseUtf16(start: Buffer): void {
  const mark = start.subarray(0, 2).toString('hex');
  if (mark !== 'fffe' && mark !== 'feff') return;
  throw new AppError('BAD_USER_INPUT', 'The file is UTF-16. Save it as UTF-8 and import that.');
}
