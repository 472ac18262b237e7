import { useDeferStream } from '@graphql-yoga/plugin-defer-stream';
import { getOperationAST, GraphQLError, parse, type GraphQLSchema } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import { AppError } from '../errors.ts';
import type { Context } from '../graphql/context.ts';
import type { Viewer } from '../graphql/viewer.ts';
import { asksOnlyTypename } from './anonymous.ts';
import { checkCost, checkSize } from './check-limits.ts';
import { checkStreams } from './check-streams.ts';
import { acceptsParts, wholeOf, type Part } from './incremental.ts';
import type { GraphqlParams } from './graphql-params.ts';
import type { Limits } from './limits.ts';
import { maskError } from './mask-error.ts';
import { takeCached, withWritten } from './cache-report.ts';
import type { Reading } from './reading.ts';
import type { RequestRecord } from './request-record.ts';
import type { CachedBytes } from './cached-result.ts';

/** One GraphQL request on its way through the stages. */
export interface Exchange {
  readonly params: GraphqlParams;
  /** Called once the document has proved valid; null where nothing is to be remembered. */
  readonly register: (() => void) | null;
  /** What resolvers get. */
  readonly context: Context;
  /** The same for a viewer who turned out to be another. */
  readonly contextOf: (viewer: Viewer) => Context;
  readonly record: RequestRecord;
  /** What the viewer reads, through the cache; null without a token. */
  readonly reading: Reading | null;
  /** Told, once each, of errors that are hidden from the client. */
  readonly report: (error: unknown) => void;
  /** Whether the answer tells what the cache did. */
  readonly tellsCache: boolean;
  /** The answer, where it is ready bytes of the cache. */
  cached: CachedBytes | null;
  /** More headers of the answer. */
  readonly headers: Record<string, string>;
}

export interface YogaOptions {
  schema: GraphQLSchema;
  limits: Limits;
  /** Whether errors may suggest names of the schema. */
  suggestions: boolean;
}

type Stage = Plugin<object, { exchange: Exchange }>;
type Hooked = { exchange: Exchange };

/** GraphQL itself, an ordered list of stages; what comes before (who, how much, from where) is the front door's. */
export function createGraphqlServer({ schema, limits, suggestions }: YogaOptions) {
  return createYoga<{ exchange: Exchange }>({
    schema,
    graphqlEndpoint: '/graphql',
    logging: false,
    landingPage: false,
    graphiql: false, // a page of its own
    cors: false, // same origin only
    multipart: false,
    batching: false,
    maxRequestBodySize: false, // the front door has bounded it
    maskedErrors: false, // the last stage does it, knowing the request
    parserAndValidationCache: { errorCache: { get: () => undefined, set: () => {} } },
    plugins: [
      useDeferStream(),
      takeParams,
      nameOperation,
      parseBounded(limits),
      keepAnonymousOut,
      limitSize(limits),
      registerValid,
      limitCost(limits),
      refuseWrongStreams,
      executeForTheViewer,
      answerErrors(suggestions),
    ],
  });
}

/** The front door has read and checked them. */
const takeParams: Stage = {
  onRequestParse: ({ setRequestParser, serverContext }) =>
    setRequestParser(() => (serverContext as unknown as Hooked).exchange.params),
};

/** Refuses long documents while they are read, before there is a tree. */
function parseBounded({ tokens }: Limits): Stage {
  return {
    onParse: ({ setParseFn }) =>
      setParseFn((source: string) => {
        try {
          return parse(source, { maxTokens: tokens });
        } catch (error) {
          if (!(error instanceof GraphQLError && /tokens\. Parsing aborted/.test(error.message))) throw error;
          throw new AppError('LIMIT_EXCEEDED', `The document exceeds the limit "tokens": at most ${tokens}.`);
        }
      }),
  };
}

/** Runs before validation, whose messages tell what exists. */
const keepAnonymousOut: Stage = {
  onParse: ({ context }) => {
    return ({ result }) => {
      const { isAuthenticated } = (context as unknown as Hooked).exchange.context;
      if (isAuthenticated || !result || result instanceof Error || asksOnlyTypename(result)) return;
      throw new AppError('UNAUTHENTICATED', 'Send a token: "Authorization: Bearer <token>".');
    };
  },
};

/** For the log: the name the document gives the operation, not what the client calls it. */
const nameOperation: Stage = {
  onParse: ({ context }) => {
    return ({ result }) => {
      const { params, record } = (context as unknown as Hooked).exchange;
      if (!result || result instanceof Error) return;
      const operation = getOperationAST(result, params.operationName);
      if (operation) record.operation = { type: operation.operation, name: operation.name?.value ?? null };
    };
  },
};

/** Runs before the rules of validation, some of which take quadratic time. */
function limitSize(limits: Limits): Stage {
  return {
    onValidate: ({ params, setResult }) => {
      const exceeded = checkSize(params.documentAST, limits);
      if (exceeded) setResult([exceeded]);
    },
  };
}

/** Documents are remembered by their hash from here on: what cannot be parsed, or does not fit the schema, never is. */
const registerValid: Stage = {
  onExecute: ({ args }) => (args.contextValue as unknown as Hooked).exchange.register?.(),
};

function limitCost(limits: Limits): Stage {
  return {
    onExecute: ({ args, setResultAndStopExecution }) => {
      const exceeded = checkCost(args, limits);
      if (exceeded) setResultAndStopExecution({ errors: [exceeded] });
    },
  };
}

const refuseWrongStreams: Stage = {
  onExecute: ({ args, setResultAndStopExecution }) => {
    const wrong = checkStreams(args);
    if (wrong) setResultAndStopExecution({ errors: [wrong] });
  },
};

/**
 * Resolvers get our context and nothing of Yoga's. Queries go through the cache; a mutation runs at once, and stops
 * when the client goes away.
 */
const executeForTheViewer: Stage = {
  onExecute: ({ args, executeFn, setExecuteFn }) => {
    const { exchange, request } = args.contextValue as unknown as Hooked & { request: Request };
    const { reading, record } = exchange;
    setExecuteFn(async (original) => {
      if (reading && record.operation?.type === 'query') {
        const takesParts = acceptsParts(request.headers.get('accept') ?? '');
        return takeCached(
          exchange,
          await reading.execute(original, { execute: executeFn, client: request.signal, takesParts }),
        );
      }
      const viewer = await reading?.confirm();
      const context = viewer && viewer !== reading?.viewer ? exchange.contextOf(viewer) : exchange.context;
      const ours = { contextValue: context, signal: request.signal };
      const result = await wholeOf(await executeFn({ ...original, ...ours })); // its session ends with the answer
      return reading ? withWritten(exchange, result) : result;
    });
  },
};

/** Last: what the client may know of what went wrong, and the status it makes. */
function answerErrors(suggestions: boolean): Stage {
  return {
    onResultProcess: (payload) => {
      const { result, serverContext } = payload;
      const { record, report } = (serverContext as unknown as Hooked).exchange;
      const mask = (error: GraphQLError) => {
        const masked = maskError(error, { requestId: record.requestId, suggestions, report });
        record.codes.push(String(masked.extensions['code']));
        return masked;
      };
      if (Array.isArray(result)) return;
      if (Symbol.asyncIterator in result) return payload.setResult(maskedParts(result as AsyncIterable<Part>, mask));
      if (!('errors' in result) || !result.errors) return;
      const errors = result.errors.map(mask);
      const unavailable = errors.find(({ extensions }) => extensions['code'] === 'SERVICE_UNAVAILABLE');
      // Half an answer of a database that went away would look like a whole one to many clients.
      if (unavailable && record.operation?.type !== 'mutation') return payload.setResult({ errors: [unavailable] });
      if (result.data != null) for (const { extensions } of errors) delete extensions['http']; // it did succeed: 200
      payload.setResult({ ...result, errors });
    },
  };
}

async function* maskedParts(
  parts: AsyncIterable<Part>,
  mask: (error: GraphQLError) => GraphQLError,
): AsyncIterable<Part> {
  const masked = (part: Part): Part => ({
    ...part,
    ...(part.errors && { errors: part.errors.map((error) => unframed(mask(error))) }),
    ...(part.incremental && { incremental: part.incremental.map(masked) }),
  });
  for await (const part of parts) yield masked(part);
}

/** Parts have no status of their own. */
function unframed(error: GraphQLError): GraphQLError {
  delete error.extensions['http'];
  return error;
}
