import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from '@apollo/client';
import { Defer20220824Handler } from '@apollo/client/incremental';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { parse } from 'graphql';
import { possibleTypes } from './app-schema.ts';
import { codesOf, type ClientKind, type ClientOptions, type Outcome } from './test-client.ts';

/** Apollo Client, with its link for persisted queries and its handler of the format that answers in parts have here. */
export const apollo: ClientKind = {
  name: 'Apollo Client',
  takesParts: true,
  ids: 'automatic',
  create(options) {
    const client = new ApolloClient({
      link: linkOf(options),
      cache: new InMemoryCache({ possibleTypes }),
      incrementalHandler: new Defer20220824Handler(),
    });
    const fetchPolicy = 'no-cache';
    return {
      query: (text, variables) => outcomeOf(client.query({ query: parse(text), variables, fetchPolicy })),
      mutate: (text, variables) => outcomeOf(client.mutate({ mutation: parse(text), variables, fetchPolicy })),
      watch: (text, onData) =>
        new Promise((resolve, reject) => {
          client.watchQuery({ query: parse(text), fetchPolicy }).subscribe(({ data, dataState, error }) => {
            if (error) return reject(error);
            if (dataState !== 'empty') onData(data);
            return dataState === 'complete' ? resolve() : undefined;
          });
        }),
    };
  },
};

function linkOf({ url, token, fetch, way }: ClientOptions): ApolloLink {
  const headers = { authorization: `Bearer ${token}` };
  const http = new HttpLink({ uri: url, headers, fetch, useGETForQueries: way === 'get' });
  if (way !== 'id') return http;
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  return ApolloLink.from([new PersistedQueryLink({ sha256, useGETForHashedQueries: true }), http]);
}

async function outcomeOf(asked: Promise<{ data?: unknown }>): Promise<Outcome> {
  try {
    return { data: (await asked).data, codes: [] };
  } catch (error) {
    if (!CombinedGraphQLErrors.is(error)) throw error;
    return { data: error.data, codes: codesOf(error.errors) };
  }
}
