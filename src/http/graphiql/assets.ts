import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

export interface Asset {
  type: string;
  bytes: Buffer;
  gzipped: Buffer;
  /** Of the bytes, quoted. */
  etag: string;
}

const script = 'text/javascript; charset=utf-8';
const style = 'text/css; charset=utf-8';

/** What the page loads, by name. GraphiQL itself is a module of nine megabytes: read when somebody opens the page. */
const sources: Readonly<Record<string, { type: string; load: () => Promise<string> }>> = {
  'graphiql.js': { type: script, load: async () => (await graphiql()).js },
  'graphiql.css': { type: style, load: async () => (await graphiql()).css },
  'editor-worker.js': { type: script, load: async () => (await graphiql()).editorWorkerService },
  'json-worker.js': { type: script, load: async () => (await graphiql()).jsonWorker },
  'graphql-worker.js': { type: script, load: async () => (await graphiql()).graphqlWorker },
  'editor.js': { type: script, load: () => readFile(new URL('editor.js', import.meta.url), 'utf8') },
  'page.css': { type: style, load: () => readFile(new URL('page.css', import.meta.url), 'utf8') },
};

/** The page's assets, each read and compressed once; null for names it does not have. */
export function createAssets(): (name: string) => Promise<Asset> | null {
  const ready = new Map<string, Promise<Asset>>();
  return (name) => {
    const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
    if (!source) return null;
    const asset = ready.get(name) ?? source.load().then((text) => prepare(text, source.type));
    ready.set(name, asset);
    asset.catch(() => ready.delete(name));
    return asset;
  };
}

async function prepare(text: string, type: string): Promise<Asset> {
  const bytes = Buffer.from(text);
  const digest = createHash('sha256').update(bytes).digest('base64url');
  return { type, bytes, gzipped: await promisify(gzip)(bytes), etag: `"${digest.slice(0, 24)}"` };
}

function graphiql() {
  return import('@graphql-yoga/render-graphiql/graphiql');
}
