export interface AskOptions {
  variables?: Record<string, unknown>;
  headers?: Record<string, string>;
  operationName?: string;
}

export interface Answer<Data> {
  status: number;
  headers: Headers;
  data: Data;
  errors?: { message: string; path?: (string | number)[]; extensions?: { code?: string } }[];
  extensions?: Record<string, unknown>;
}

/** Sends one GraphQL request over HTTP; null: without a token. */
export type Ask = <Data = any>(token: string | null, query: string, options?: AskOptions) => Promise<Answer<Data>>;

/** Asks the server at this address, as a client that knows the media type of GraphQL. */
export function askGraphql(baseUrl: string): Ask {
  return async (token, query, { variables, headers, operationName } = {}) => {
    const response = await fetch(`${baseUrl}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        ...(token && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: JSON.stringify({ query, variables, operationName }),
    });
    return { status: response.status, headers: response.headers, ...((await response.json()) as object) } as never;
  };
}

/** What the cache says of a query, or of a mutation. */
export interface CacheReport {
  status: 'HIT' | 'MISS' | 'STALE' | 'BYPASS';
  level: 'L1' | 'L2' | null;
  scope: string;
  ageMs: number;
  ttlMs: number;
  reason: string;
  token: string;
}

/** What an answer says about where it came from; nothing where it does not tell. */
export function reportOf({ extensions }: { extensions?: Record<string, unknown> }): Partial<CacheReport> {
  return extensions?.['cache'] ?? {};
}
