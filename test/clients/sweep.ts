import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { askHttp, type AskHttp } from '../support/ask-http.ts';
import type { RawAnswer } from '../support/send.ts';

/** An answer that came through a proxy and is not what its viewer would get from the server at this moment. */
export interface Finding {
  viewer: string;
  query: string;
  way: string;
  /** The viewers whose answer it is; nobody's where it is an older one. */
  belongsTo: string[];
}

export interface SweepOptions {
  /** Base address of the proxy. */
  via: string;
  /** Base address of the server itself. */
  origin: string;
  /** Tokens by name. */
  viewers: Record<string, string>;
  queries: readonly string[];
}

const ways: Record<string, (ask: AskHttp, query: string) => Promise<RawAnswer>> = {
  'text by GET': (ask, query) => ask.get({ query }),
  'hash by GET': async (ask, query) => {
    const hash = createHash('sha256').update(query).digest('hex');
    const extensions = { persistedQuery: { version: 1, sha256Hash: hash } };
    const answer = await ask.get({ extensions });
    return answer.json?.errors?.[0].message === 'PersistedQueryNotFound' ? ask.post({ query, extensions }) : answer;
  },
  'text by POST': (ask, query) => ask.post({ query }),
};

/** Asks everything for everybody through the proxy, all at once, and the server itself beside it; answers what differs. */
export async function sweep({ via, origin, viewers, queries }: SweepOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const query of queries) {
    const expected = new Map<string, unknown>();
    const everybody = Object.entries(viewers);
    const expect = async ([viewer, token]: [string, string]) => {
      // Made afresh, and forgotten: the server's own cache is no witness here.
      const made = await askHttp(origin, token).post({ query }, { headers: { 'cache-control': 'no-store' } });
      expected.set(viewer, told(made));
    };
    const compare = async ([viewer, token]: [string, string]) => {
      for (const [way, send] of Object.entries(ways)) {
        const got = told(await send(askHttp(via, token), query));
        if (isDeepStrictEqual(got, expected.get(viewer))) continue;
        const belongsTo = [...expected].filter(([, theirs]) => isDeepStrictEqual(got, theirs)).map(([name]) => name);
        findings.push({ viewer, query, way, belongsTo });
      }
    };
    await Promise.all(everybody.map(expect));
    await Promise.all(everybody.map(compare));
  }
  return findings;
}

/** What an answer tells of the world, apart from what it says about itself. */
function told({ json, text }: RawAnswer): unknown {
  if (!json) return text;
  return { data: json.data, codes: json.errors?.map((error: any) => error.extensions.code) };
}
