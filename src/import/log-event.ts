import { columnNames, columns, type Column, type Columns } from './columns.ts';
import { activities, priorities, serviceDays, type Activity } from './mapping.ts';

/** One row of the log, understood. */
export interface LogEvent {
  line: number;
  /** The row as it was read, for the rejects file. */
  text: string;
  caseId: string;
  /** Counts the events of a case, from 1. */
  sequence: number;
  activityName: string;
  activity: Activity;
  agent: string;
  /** `2012-10-09 14:50:17`, at the tenant's. */
  localTime: string;
  customer: string;
  product: string;
  section: string;
  workgroup: string;
  priority: string;
  /** Calendar days from the first event to the due date. */
  serviceDays: number;
}

const maxValueLength = 150;
// oxlint-disable-next-line no-control-regex -- that is what is looked for
const controlCharacter = /[\u0000-\u001f\u007f]/;

/** What a row of fields says; a text instead gives the reason why it cannot be loaded. */
export function parseLogEvent(
  { line, text, fields }: { line: number; text: string; fields: readonly string[] },
  positions: Columns,
): LogEvent | string {
  const values = {} as Record<Column, string>;
  for (const column of columns) {
    const value = fields[positions[column]]?.trim() ?? '';
    const problem = valueProblem(value);
    if (problem) return `${columnNames[column]} ${problem}`;
    values[column] = value;
  }
  const activity = activities.get(values.activity);
  if (!activity) return `the activity ${quote(values.activity)} is not known`;
  const priority = priorities.get(values.seriousness);
  if (!priority) return `${columnNames.seriousness} ${quote(values.seriousness)} has no priority`;
  const days = serviceDays.get(values.serviceLevel);
  if (days === undefined) return `${columnNames.serviceLevel} ${quote(values.serviceLevel)} has no time to resolve`;
  if (!/^\d{1,9}$/.test(values.eventId)) {
    return `${columnNames.eventId} ${quote(values.eventId)} is not a whole number`;
  }
  if (!isTime(values.time)) {
    return `${columnNames.time} ${quote(values.time)} is not a time like 2012-10-09 14:50:17`;
  }
  return {
    line,
    text,
    caseId: values.caseId,
    sequence: Number(values.eventId),
    activityName: values.activity,
    activity,
    agent: values.agent,
    localTime: values.time,
    customer: values.customer,
    product: values.product,
    section: values.section,
    workgroup: values.workgroup,
    priority,
    serviceDays: days,
  };
}

/** An event's name for ever: what makes a second run find it again. */
export function eventRef({ caseId, sequence }: Pick<LogEvent, 'caseId' | 'sequence'>): string {
  return `${caseId}#${sequence}`;
}

/** Whether a text is a day of the calendar, as `2012-10-09`. */
export function isDay(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  if (!year || year < '1900') return false;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

function isTime(text: string): boolean {
  return /^.{10} ([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/.test(text) && isDay(text.slice(0, 10));
}

function valueProblem(value: string): string | null {
  if (value === '') return 'is empty';
  if (value.length > maxValueLength) return `is longer than ${maxValueLength} characters`;
  return controlCharacter.test(value) ? 'holds a control character' : null;
}

function quote(value: string): string {
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
}
