import { send, type RawAnswer } from './send.ts';

export interface HowToAsk {
  token?: string | null;
  headers?: Record<string, string>;
}

export interface AskHttp {
  /** Sends this as the JSON body. */
  post: (body: unknown, how?: HowToAsk) => Promise<RawAnswer>;
  /** Sends these as the query string; what is no text as JSON. */
  get: (params: Record<string, unknown>, how?: HowToAsk) => Promise<RawAnswer>;
}

/** GraphQL over plain HTTP, with exactly these headers, as `token` unless told otherwise. */
export function askHttp(baseUrl: string, token: string | null = null): AskHttp {
  const headersOf = (how: HowToAsk) => {
    const who = how.token === undefined ? token : how.token;
    return { ...(who && { authorization: `Bearer ${who}` }), ...how.headers };
  };
  return {
    post: (body, how = {}) =>
      send(baseUrl, {
        headers: { 'content-type': 'application/json', ...headersOf(how) },
        body: JSON.stringify(body),
      }),
    get(params, how = {}) {
      const search = new URLSearchParams();
      for (const [name, value] of Object.entries(params)) {
        search.append(name, typeof value === 'string' ? value : JSON.stringify(value));
      }
      return send(baseUrl, { method: 'GET', path: `/graphql?${search}`, headers: headersOf(how) });
    },
  };
}
