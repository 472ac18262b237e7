import type { IncomingMessage } from 'node:http';

const names = new Set(['localhost', '127.0.0.1', '[::1]']);
const addresses = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
/** What a proxy adds: behind one, every visitor seems to sit at this machine. */
const proxyHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

/**
 * Whether a person at this very machine asks, under one of its own names. A page of another site that had its name
 * point here (DNS rebinding) still sends that name as the host.
 */
export function isLoopback({ headers, socket }: IncomingMessage): boolean {
  const host = headers.host ?? '';
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return (
    names.has(name) &&
    addresses.has(socket.remoteAddress ?? '') &&
    proxyHeaders.every((header) => headers[header] === undefined)
  );
}
