import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RewritingProxy {
  url: string;
  close(): Promise<void>;
}

/** Passes everything on, and sends answers with these headers instead of their own. */
export async function startRewritingProxy(origin: string, headers: Record<string, string>): Promise<RewritingProxy> {
  const { hostname, port } = new URL(origin);
  const server = createServer((asked, answer) => {
    const { method, url: path, headers: sent } = asked;
    const onward = request({ hostname, port, method, path, headers: sent }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, { ...answered.headers, ...headers });
      answered.pipe(answer);
    });
    onward.once('error', () => answer.destroy());
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
