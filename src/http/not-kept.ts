import { AskAgain } from '../cache/index.ts';
import { AppError } from '../errors.ts';
import type { Made } from './make-answer.ts';

/** The run looked at more of its viewer than its key says: whoever waited under that key asks anew. */
export class WiderThanKnown extends AskAgain {}

/** Everybody who waited for the run went away before its end. */
export class Abandoned extends AskAgain {}

/** An answer with errors, or that may not be kept: everybody who waits for the same gets it, and nobody later. */
export class NotKept extends Error {
  readonly made: Made;

  constructor(made: Made) {
    super('not kept');
    this.made = made;
  }
}

/** What is for one person alone, where only what others may be given too is wanted. */
export class ForOnePerson extends AppError {
  constructor() {
    super('FORBIDDEN', 'The answer is for one person alone.');
  }
}

/** Nothing older is served instead of an answer that says what is wrong with the request. */
export function isFailure(error: unknown): boolean {
  if (error instanceof NotKept) return error.made.hasFailed;
  return !(error instanceof AskAgain);
}
