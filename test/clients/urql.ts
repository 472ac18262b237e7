import { cacheExchange, Client, fetchExchange, type OperationResult } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { codesOf, type ClientKind, type Outcome } from './test-client.ts';

/** urql with its usual exchanges. Its cache writes `__typename` into documents; it is told to ask the server each time. */
export const urql: ClientKind = {
  name: 'urql',
  takesParts: true,
  ids: 'automatic',
  create({ url, token, fetch, way }) {
    const client = new Client({
      url,
      fetch,
      fetchOptions: { headers: { authorization: `Bearer ${token}` } },
      preferGetMethod: way === 'get' && 'force',
      requestPolicy: 'network-only',
      exchanges: [
        cacheExchange,
        ...(way === 'id'
          ? [persistedExchange({ preferGetForPersistedQueries: 'force', enableForMutation: true })]
          : []),
        fetchExchange,
      ],
    });
    return {
      query: async (text, variables = {}) => outcomeOf(await client.query(text, variables).toPromise()),
      mutate: async (text, variables = {}) => outcomeOf(await client.mutation(text, variables).toPromise()),
      watch: (text, onData) =>
        new Promise((resolve, reject) => {
          client.query(text, {}).subscribe(({ data, error, hasNext }) => {
            if (error) return reject(error);
            onData(data);
            return hasNext ? undefined : resolve();
          });
        }),
    };
  },
};

function outcomeOf({ data, error }: OperationResult): Outcome {
  if (error?.networkError) throw error.networkError;
  return { data, codes: codesOf(error?.graphQLErrors) };
}
