import { createHash } from 'node:crypto';
import {
  commitMutation,
  Environment,
  fetchQuery,
  Network,
  Observable,
  RecordSource,
  Store,
  type FetchFunction,
  type GraphQLSingularResponse,
} from 'relay-runtime';
import { parts, type SentPart } from './parts.ts';
import { relayArtifact } from './relay-artifact.ts';
import { codesOf, type ClientKind, type ClientOptions, type Outcome } from './test-client.ts';

/** Relay's runtime with a network layer as its manual shows it, and artifacts as its compiler makes them. */
export const relay: ClientKind = {
  name: 'Relay',
  takesParts: true,
  ids: 'known',
  create(options) {
    const environment = new Environment({
      network: Network.create(createFetchFunction(options)),
      store: new Store(new RecordSource()),
    });
    const artifact = (text: string) => relayArtifact(text, options.way === 'id' ? idOf(text) : null);
    const watch = (text: string, variables: object, onData: (data: unknown) => void) =>
      new Promise<void>((resolve, reject) => {
        fetchQuery(environment, artifact(text), variables, { fetchPolicy: 'network-only' }).subscribe({
          next: onData,
          error: reject,
          complete: resolve,
        });
      });
    return {
      query: (text, variables = {}) =>
        outcomeOf(async () => {
          let latest: unknown = null;
          await watch(text, variables, (data) => (latest = data));
          return latest;
        }),
      mutate: (text, variables = {}) =>
        outcomeOf(
          () =>
            new Promise((resolve, reject) => {
              commitMutation(environment, {
                mutation: artifact(text),
                variables,
                onCompleted: resolve,
                onError: reject,
              });
            }),
        ),
      watch: (text, onData) => watch(text, {}, onData),
    };
  },
};

function createFetchFunction({ url, token, fetch, way = 'text' }: ClientOptions): FetchFunction {
  return ({ id, text, operationKind }, variables) =>
    Observable.create((sink) => {
      const run = async () => {
        const asked: Record<string, string> = id === null ? { query: text ?? '' } : { documentId: id };
        const byGet = way !== 'text' && operationKind === 'query';
        const search = new URLSearchParams({ ...asked, variables: JSON.stringify(variables) });
        const response = await fetch(byGet ? `${url}?${search}` : url, {
          method: byGet ? 'GET' : 'POST',
          headers: {
            accept: 'multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json;q=0.9',
            authorization: `Bearer ${token}`,
            ...(!byGet && { 'content-type': 'application/json' }),
          },
          ...(!byGet && { body: JSON.stringify({ ...asked, variables }) }),
        });
        for await (const part of parts(response)) for (const payload of payloadsOf(part)) sink.next(payload);
        sink.complete();
      };
      run().catch((error: Error) => sink.error(error));
    });
}

/** Relay takes every part by itself, and wants to be told which is the last: also where the answer came whole. */
function payloadsOf({ hasNext = false, incremental = [], ...first }: SentPart): GraphQLSingularResponse[] {
  const payloads = [...('data' in first || first.errors ? [first] : []), ...incremental];
  return payloads.map((payload, index) => ({
    ...(payload as GraphQLSingularResponse),
    extensions: { ...payload.extensions, is_final: !hasNext && index === payloads.length - 1 },
  }));
}

function idOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** Relay throws where there is no data, and hands errors beside data to those who ask for them. */
async function outcomeOf(run: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { data: await run(), codes: [] };
  } catch (error) {
    const { source } = error as { source?: { errors?: { extensions?: Record<string, unknown> }[] } };
    if (!source?.errors) throw error;
    return { data: null, codes: codesOf(source.errors) };
  }
}
