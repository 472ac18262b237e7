import type { IncomingMessage } from 'node:http';

const names = new Set(['localhost', '127.0.0.1', '[::1]']);
const addresses = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
/** What a proxy adds: behind one, every visitor seems to sit at this machine. */
const proxyHeader = /^(forwarded|via|x-(forwarded|real|client|original)-.+|true-client-ip|cf-.+)$/;

/**
 * Whether a person at this very machine asks, under one of its own names. A page of another site that had its name
 * point here (DNS rebinding) still sends that name as the host. nginx, unless told otherwise, names this machine as the
 * host and adds no header; but it speaks HTTP/1.0, which no browser does.
 */
export function isLoopback({ headers, socket, httpVersion }: IncomingMessage): boolean {
  const host = headers.host ?? '';
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return (
    names.has(name) &&
    addresses.has(socket.remoteAddress ?? '') &&
    httpVersion === '1.1' &&
    !Object.keys(headers).some((header) => proxyHeader.test(header))
  );
}
