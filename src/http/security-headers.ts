import type { ServerResponse } from 'node:http';

/**
 * For answers that are data: they are not to be framed, sniffed, embedded or kept. A page sets its own
 * Content-Security-Policy over this one. There are no CORS headers: a browser lets only our own pages read answers.
 */
const headers: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}
