import { PassThrough } from 'node:stream';
import { visit, BREAK, type DocumentNode, type ExecutionResult } from 'graphql';
import { mergePart, type Whole } from './merge-parts.ts';

/** One part of an answer that comes in parts: the first has the data known at once, the others what was put off. */
export type Part = ExecutionResult & {
  readonly hasNext?: boolean;
  readonly items?: readonly unknown[] | null;
  readonly path?: readonly (string | number)[];
  readonly incremental?: readonly Part[];
};

/** What executing a document with `@defer` or `@stream` gives: parts, or one result where nothing was put off. */
export type Executed = ExecutionResult | AsyncIterable<Part>;

const known = new WeakMap<DocumentNode, boolean>();

/** Whether a document may be answered in parts. */
export function isIncremental(document: DocumentNode): boolean {
  const before = known.get(document);
  if (before !== undefined) return before;
  let found = false;
  visit(document, {
    Directive({ name: { value } }) {
      if (value !== 'defer' && value !== 'stream') return undefined;
      found = true;
      return BREAK;
    },
  });
  known.set(document, found);
  return found;
}

/** Whether a client takes answers in parts. */
export function acceptsParts(accept: string): boolean {
  return /\b(multipart\/mixed|text\/event-stream)\b/i.test(accept);
}

/** The whole answer; `onPart` gets each part as it comes. */
export async function wholeOf(executed: Executed, onPart: (part: Part) => void = () => {}): Promise<ExecutionResult> {
  if (!(Symbol.asyncIterator in executed)) return executed;
  const whole: Whole = { data: null };
  for await (const part of executed) {
    onPart(part);
    mergePart(whole, part);
  }
  return whole;
}

/** Parts on their way to one client. */
export interface PartStream {
  /** Aborted when the client goes away, be it in the middle of its parts. */
  readonly client: AbortSignal;
  /** Resolves with the first part; never where there is none. */
  readonly first: Promise<void>;
  /** For the first run that asks: parts of two runs make no answer. Null for all others. */
  take(): PartFeed | null;
  /** Ends with the run that they come from, and not before the answer to others is settled. */
  parts(whole: Promise<unknown>): AsyncIterable<Part>;
}

export interface PartFeed {
  readonly push: (part: Part) => void;
  /** The run itself, whose end is that of the parts. */
  follow(run: Promise<unknown>): void;
}

export function createPartStream(waiting: AbortSignal): PartStream {
  const stream = new PassThrough({ objectMode: true, highWaterMark: 1_000 });
  const leaving = new AbortController();
  let begun = () => {};
  const first = new Promise<void>((resolve) => (begun = resolve));
  let fed: Promise<unknown> | null = null;
  let isTaken = false;
  const feed: PartFeed = {
    push(part) {
      begun();
      stream.write(part);
    },
    follow: (run) => void (fed = run),
  };
  return {
    client: AbortSignal.any([waiting, leaving.signal]),
    first,
    take() {
      if (isTaken) return null;
      isTaken = true;
      return feed;
    },
    async *parts(whole) {
      Promise.resolve(fed)
        .then(() => whole.catch(() => {})) // all of it has been made
        .then(
          () => stream.end(),
          (error: unknown) => stream.destroy(error instanceof Error ? error : new Error('The answer was cut off.')),
        );
      try {
        yield* stream as AsyncIterable<Part>;
      } finally {
        leaving.abort();
      }
    },
  };
}
