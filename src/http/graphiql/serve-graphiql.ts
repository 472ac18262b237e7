import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServePage } from '../front-door.ts';
import { createAssets, type Asset } from './assets.ts';
import { isLoopback } from './loopback.ts';
import { renderPage, type DemoPerson } from './page.ts';
import { loadTabs } from './tabs.ts';

export interface GraphiqlOptions {
  /** Whom visitors from this very machine may act as. Only for a demo that this server itself made. @default nobody */
  demoPeople?: () => readonly DemoPerson[];
}

/** The editor computes styles as it goes; everything else comes from our own files. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const assetPath = '/graphql/assets/';

/** GraphiQL at `/graphql`, and what it loads below that; nothing of it comes from another host. */
export function createGraphiql({ demoPeople = () => [] }: GraphiqlOptions = {}): ServePage {
  const assetOf = createAssets();
  return async (request, response, path) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    if (path === '/graphql') {
      const people = isLoopback(request) ? demoPeople() : [];
      sendPage(request, response, renderPage({ tabs: await loadTabs(new Date()), people }));
      return true;
    }
    const asset = path.startsWith(assetPath) ? await assetOf(path.slice(assetPath.length)) : null;
    if (asset) sendAsset(request, response, asset);
    return asset !== null;
  };
}

/** It may hold tokens: nobody keeps it. */
function sendPage(request: IncomingMessage, response: ServerResponse, html: string): void {
  response.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': contentSecurityPolicy,
    'Cache-Control': 'no-store',
    Vary: 'Accept',
  });
  response.end(request.method === 'HEAD' ? undefined : html);
}

function sendAsset(request: IncomingMessage, response: ServerResponse, { type, bytes, gzipped, etag }: Asset): void {
  response.setHeader('Cache-Control', 'no-cache'); // kept, but asked for again: a new version shows at once
  response.setHeader('ETag', etag);
  response.setHeader('Vary', 'Accept-Encoding');
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  const zips = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  const body = zips ? gzipped : bytes;
  response.writeHead(200, {
    'Content-Type': type,
    'Content-Length': body.length,
    ...(zips && { 'Content-Encoding': 'gzip' }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
