import type { ServerResponse } from 'node:http';
import { AppError } from '../errors.ts';

/**
 * When a request ends before its answer: it takes longer than `durationMs`, or its client has gone.
 *
 * A class, as all that is made for each request and has a getter: an object literal with one makes V8 a hidden class of
 * its own, which lives until the next full collection, and all that the getter refers to with it.
 */
export class RequestEnd {
  /** Rejects with what to answer. */
  readonly failed: Promise<never>;
  readonly #response: ServerResponse;
  readonly #timer: NodeJS.Timeout;
  #fail: (why: AppError) => void = () => {};
  #controller: AbortController | null = null;
  #hasEnded = false;

  constructor(response: ServerResponse, durationMs: number) {
    this.#response = response;
    this.failed = new Promise<never>((_, reject) => (this.#fail = reject));
    this.failed.catch(() => {}); // it may come after the answer
    this.#timer = setTimeout(() => this.#end('The request took too long. Ask for less.'), durationMs);
    response.once('close', this.#gone);
    if (response.destroyed) this.#gone(); // it has gone already, and will not say so again
  }

  /** Stops what is done for the request. Made when it is first asked for: an answer that is there needs none. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#hasEnded) this.#controller.abort();
    return this.#controller.signal;
  }

  /** The answer is there. */
  settle(): void {
    clearTimeout(this.#timer);
    this.#response.off('close', this.#gone);
  }

  readonly #gone = () => this.#end('The client has gone.');

  #end(why: string): void {
    this.#hasEnded = true;
    this.#controller?.abort();
    this.#fail(new AppError('SERVICE_UNAVAILABLE', why));
  }
}
