import { AppError } from '../errors.ts';
import type { Row } from './rows.ts';

/** The columns that are read, under the names used here. A file may have others, in any order. */
export const columnNames = {
  caseId: 'Case ID',
  activity: 'Activity',
  agent: 'Resource',
  time: 'Complete Timestamp',
  customer: 'customer',
  product: 'product',
  seriousness: 'seriousness_2',
  serviceLevel: 'service_level',
  section: 'support_section',
  workgroup: 'workgroup',
  eventId: 'Event_ID',
} as const;

export type Column = keyof typeof columnNames;

/** Where each column stands in a row. */
export type Columns = Readonly<Record<Column, number>>;

export const columns = Object.keys(columnNames) as Column[];

/** Finds the columns in the first row of a file; fails naming those that are missing or there twice. */
export function parseHeader(header: Row | undefined): Columns {
  const needed = Object.values(columnNames).join(', ');
  if (!header) throw new AppError('BAD_USER_INPUT', `The file is empty. It needs a header with the columns ${needed}.`);
  if (!header.fields) {
    throw new AppError(
      'BAD_USER_INPUT',
      `The header cannot be read: ${header.problem}. It needs the columns ${needed}.`,
    );
  }
  const names = header.fields.map((name) => name.trim());
  const wanted: string[] = Object.values(columnNames);
  const missing = wanted.filter((name) => !names.includes(name));
  const repeated = wanted.filter((name) => names.indexOf(name) !== names.lastIndexOf(name));
  const problems = [
    ...(missing.length > 0 ? [`the header misses the columns ${missing.join(', ')}`] : []),
    ...(repeated.length > 0 ? [`the header has these columns more than once: ${repeated.join(', ')}`] : []),
  ];
  if (problems.length > 0) {
    throw new AppError('BAD_USER_INPUT', `The file cannot be imported: ${problems.join('; ')}.`);
  }
  return Object.fromEntries(columns.map((column) => [column, names.indexOf(columnNames[column])])) as Columns;
}
