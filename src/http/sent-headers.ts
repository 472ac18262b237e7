import type { IncomingMessage } from 'node:http';

/**
 * Every value of a header, in the order they were sent: `headers` joins or drops those of a header that came twice, and
 * `headersDistinct` sorts all of them out to answer for one. `name` in lower case.
 */
export function sentHeaders({ rawHeaders }: IncomingMessage, name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const sent = rawHeaders[index] ?? '';
    if (sent.length === name.length && sent.toLowerCase() === name) values.push(rawHeaders[index + 1] ?? '');
  }
  return values;
}
