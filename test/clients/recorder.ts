/** One request and its answer, as they went over the wire. */
export interface Exchange {
  method: string;
  url: string;
  /** Parameters of the address, or the body. */
  sent: Record<string, any>;
  requestHeaders: Headers;
  status: number;
  headers: Headers;
  /** What the cache did, by `Cache-Status`. */
  cache: 'HIT' | 'MISS' | 'BYPASS' | null;
  /** The whole body, where it is JSON. */
  body: Promise<any>;
}

export interface Recorder {
  fetch: typeof fetch;
  readonly exchanges: Exchange[];
  /** The newest. */
  last(): Exchange;
}

/** Node's own `fetch`, which keeps no answers, and a list of what was said with it. */
export function createRecorder(): Recorder {
  const exchanges: Exchange[] = [];
  return {
    exchanges,
    last: () => exchanges.at(-1)!,
    async fetch(input, init) {
      const url = String(input instanceof Request ? input.url : input);
      const response = await fetch(input, init);
      const { status, headers } = response;
      const isJson = /json/.test(headers.get('content-type') ?? '');
      exchanges.push({
        method: init?.method ?? 'GET',
        url,
        sent: typeof init?.body === 'string' ? JSON.parse(init.body) : Object.fromEntries(new URL(url).searchParams),
        requestHeaders: new Headers(init?.headers),
        status,
        headers,
        cache: cacheOf(headers.get('cache-status')),
        body: isJson ? response.clone().json() : Promise.resolve(null),
      });
      return response;
    },
  };
}

function cacheOf(field: string | null): Exchange['cache'] {
  if (field === null) return null;
  if (/; hit\b/.test(field)) return 'HIT';
  return /; stored\b/.test(field) ? 'MISS' : 'BYPASS';
}
