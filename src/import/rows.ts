import type { Line, LineChunk } from './lines.ts';

/** One record of a CSV file: its fields, or why it has none. */
export type Row = { line: number; text: string } & (
  | { fields: string[]; problem: null }
  | { fields: null; problem: string }
);

export interface RowChunk {
  rows: Row[];
  /** How far into the file the chunk reaches. */
  bytesRead: number;
}

/** A quoted field may span lines, but not more than this: the rest of the file is not one field. */
const maxRecordCharacters = 65_536;

/**
 * Reads CSV as RFC 4180 has it. The first record says how many columns there are.
 * A broken record costs its first line only: reading goes on with the next line, so that one stray quote
 * does not swallow the rows up to the next one.
 */
export async function* readRows(chunks: AsyncIterable<LineChunk>): AsyncGenerator<RowChunk> {
  let width: number | null = null;
  let waiting: Line[] = [];
  let bytesRead = 0;

  const take = (atEnd: boolean): Row[] => {
    const rows: Row[] = [];
    let next = 0;
    while (next < waiting.length) {
      const read = readRecord(waiting, next, width, atEnd);
      if (!read) break; // a quoted field is open, and the lines that may close it are still to come
      next += read.lines;
      if (read.row.fields) width ??= read.row.fields.length;
      if (read.row.text !== '') rows.push(read.row);
    }
    waiting = waiting.slice(next);
    return rows;
  };

  for await (const chunk of chunks) {
    waiting.push(...chunk.lines);
    bytesRead = chunk.bytesRead;
    yield { rows: take(false), bytesRead };
  }
  yield { rows: take(true), bytesRead };
}

interface ReadRecord {
  row: Row;
  lines: number;
}

/** The record that begins at a line; null when more lines are needed to tell. */
function readRecord(lines: Line[], start: number, width: number | null, atEnd: boolean): ReadRecord | null {
  const { number: line, text: firstText, problem } = lines[start]!;
  const bad = (reason: string): ReadRecord => ({
    row: { line, text: firstText, fields: null, problem: reason },
    lines: 1,
  });
  if (problem) return bad(problem);
  let text = firstText;
  for (let used = 1; ; used += 1) {
    const fields = splitFields(text);
    if (typeof fields === 'string') return bad(fields);
    if (fields) {
      const fits = width === null || fields.length === width || text === '';
      if (fits) return { row: { line, text, fields, problem: null }, lines: used };
      return bad(`the row has ${fields.length} columns, the header has ${width}`);
    }
    const following = lines[start + used];
    if (!following && !atEnd && text.length <= maxRecordCharacters) return null;
    if (!following || following.problem || text.length > maxRecordCharacters) return bad('a quote is never closed');
    text += `\n${following.text}`;
  }
}

/** The fields of a record; null while a quoted field is open; a text says what is wrong with the quoting. */
function splitFields(text: string): string[] | string | null {
  if (!text.includes('"')) return text.split(',');
  const fields: string[] = [];
  for (let start = 0; ;) {
    const quoted = text[start] === '"';
    const end = quoted ? closingQuote(text, start) + 1 : endOfField(text, start);
    if (quoted && end === 0) return null;
    const field = text.slice(start, end);
    if (!quoted && field.includes('"')) return 'a quote stands inside a field that is not quoted';
    fields.push(quoted ? field.slice(1, -1).replaceAll('""', '"') : field);
    if (end === text.length) return fields;
    if (text[end] !== ',') return 'there is text after a closing quote';
    start = end + 1;
  }
}

function endOfField(text: string, start: number): number {
  const comma = text.indexOf(',', start);
  return comma < 0 ? text.length : comma;
}

/** Where the quote that opens at `start` is closed; -1 where it is not. Two quotes in a row stand for one. */
function closingQuote(text: string, start: number): number {
  let at = text.indexOf('"', start + 1);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}
