/** How operations are sent: their text by POST, their text by GET, or by the id of their document. */
export type Way = 'text' | 'get' | 'id';

export interface ClientOptions {
  /** Of the GraphQL endpoint. */
  url: string;
  token: string;
  /** What the client sends its requests with. */
  fetch: typeof fetch;
  /** @default text */
  way?: Way;
}

/** What came of one operation, as the client's own words for it say. */
export interface Outcome {
  data: any;
  /** The codes of the errors that the client reports; empty where it reports none. */
  codes: string[];
}

/**
 * One of the clients that applications use, set up as their manuals say. Its own cache is passed over: whatever it
 * answers has come over HTTP just now.
 */
export interface TestClient {
  query(document: string, variables?: Record<string, unknown>): Promise<Outcome>;
  mutate(document: string, variables?: Record<string, unknown>): Promise<Outcome>;
  /** Runs a query, and gives `onData` the data as far as it is known, each time there is more. */
  watch(document: string, onData: (data: any) => void): Promise<void>;
}

export interface ClientKind {
  readonly name: string;
  create(options: ClientOptions): TestClient;
  /** Whether it hands on the parts of an answer as they come. */
  readonly takesParts: boolean;
  /** What `id` means to it: Apollo's protocol, which registers documents, or an id that the server must know. */
  readonly ids: 'automatic' | 'known';
}

export function codesOf(errors: readonly { extensions?: Record<string, unknown> }[] = []): string[] {
  return errors.map(({ extensions }) => String(extensions?.['code']));
}
