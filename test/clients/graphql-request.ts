import { createHash } from 'node:crypto';
import { ClientError, GraphQLClient } from 'graphql-request';
import { codesOf, type ClientKind, type Outcome } from './test-client.ts';

/** graphql-request, which keeps nothing itself, and takes no answers in parts. */
export const graphqlRequest: ClientKind = {
  name: 'graphql-request',
  takesParts: false,
  ids: 'known',
  create({ url, token, fetch, way }) {
    const client = new GraphQLClient(url, {
      fetch,
      headers: { authorization: `Bearer ${token}` },
      method: way === 'get' ? 'GET' : 'POST',
      // In a GET of it nothing could be left out; a middleware sees no more than the body.
      requestMiddleware: (request) =>
        way === 'id' ? { ...request, body: withoutText(request.body as string) } : request,
    });
    const run = (document: string, variables?: object) => outcomeOf(client.request(document, variables));
    return {
      query: run,
      mutate: run,
      async watch(document, onData) {
        onData(await client.request(document));
      },
    };
  },
};

function withoutText(body: string): string {
  const { query, ...rest } = JSON.parse(body);
  return JSON.stringify({ ...rest, documentId: `sha256:${createHash('sha256').update(query).digest('hex')}` });
}

async function outcomeOf(asked: Promise<unknown>): Promise<Outcome> {
  try {
    return { data: await asked, codes: [] };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { data: error.response.data, codes: codesOf(error.response.errors) };
  }
}
