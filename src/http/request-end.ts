import type { ServerResponse } from 'node:http';
import { AppError } from '../errors.ts';

/** When a request ends before its answer. */
export interface RequestEnd {
  /** Stops what is done for the request. Made when it is first asked for: an answer that is there needs none. */
  readonly signal: AbortSignal;
  /** Rejects with what to answer. */
  readonly failed: Promise<never>;
  /** The answer is there. */
  settle(): void;
}

/** Ends a request that takes longer than `durationMs`, or whose client has gone. */
export function endOf(response: ServerResponse, durationMs: number): RequestEnd {
  let controller: AbortController | null = null;
  let hasEnded = false;
  let fail: (why: AppError) => void = () => {};
  const failed = new Promise<never>((_, reject) => (fail = reject));
  const end = (why: AppError) => {
    hasEnded = true;
    controller?.abort();
    fail(why);
  };
  const tooLate = () => end(new AppError('SERVICE_UNAVAILABLE', 'The request took too long. Ask for less.'));
  const timer = setTimeout(tooLate, durationMs);
  const gone = () => end(new AppError('SERVICE_UNAVAILABLE', 'The client has gone.'));
  response.once('close', gone);
  if (response.destroyed) gone(); // it has gone already, and will not say so again
  failed.catch(() => {}); // it may come after the answer
  return {
    get signal() {
      if (!controller) {
        controller = new AbortController();
        if (hasEnded) controller.abort();
      }
      return controller.signal;
    },
    failed,
    settle() {
      clearTimeout(timer);
      response.off('close', gone);
    },
  };
}
