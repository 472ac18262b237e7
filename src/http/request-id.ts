import { randomUUID } from 'node:crypto';

const sane = /^[\w.:+/=-]{1,128}$/;

/** The client's own X-Request-Id where it is harmless in a log and a header; otherwise a new one. */
export function requestIdOf(header: string | undefined): string {
  return header !== undefined && sane.test(header) ? header : randomUUID();
}
