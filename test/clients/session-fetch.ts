/**
 * A `fetch` for any GraphQL client that reads what its own mutations wrote, on whatever node and however the server
 * caches: it remembers the newest token it was given, and sends it back.
 */
export function createSessionFetch(send: typeof fetch = fetch): typeof fetch {
  let newest = 0;
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    if (newest > 0) headers.set('X-Cache-Token', String(newest));
    const response = await send(input, { ...init, headers });
    newest = Math.max(newest, Number(response.headers.get('X-Cache-Token') ?? 0));
    return response;
  };
}
