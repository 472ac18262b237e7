import { AppError, ValidationError } from '../errors.ts';

/** Postgres error classes that mean "not now" rather than "not like this". */
const unavailable = /^(08|53|57P0|58)/;
const networkCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT']);
/** A text with a NUL character; a date that is none. Both come from a client, and no scalar refuses them. */
const unstorable = new Set(['22021', '22008']);
const driverMessages =
  /timeout exceeded when trying to connect|query read timeout|connection terminated|not queryable|Cannot use a pool/i;

/**
 * Turns a lost, refused or overloaded database into SERVICE_UNAVAILABLE; anything else is passed on as it is
 * (a bug, masked and logged further up).
 */
export function asAppError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string };
  if (unavailable.test(code) || networkCodes.has(code) || driverMessages.test(message)) {
    return new AppError('SERVICE_UNAVAILABLE', 'The database cannot be reached. Try again in a moment.', {
      cause: error,
    });
  }
  if (code === '57014') {
    return new AppError('SERVICE_UNAVAILABLE', 'The request took too long and was cancelled. Ask for less.', {
      cause: error,
    });
  }
  if (unstorable.has(code)) {
    const advice = 'Leave out NUL characters and dates outside the years 1 to 9999: they cannot be stored.';
    return new ValidationError([{ field: 'input', message: advice }]);
  }
  return error;
}

/** Whether a write failed because another row already has the value of this unique constraint. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  const failure = (error ?? {}) as { code?: string; constraint?: string };
  return failure.code === '23505' && failure.constraint === constraint;
}
