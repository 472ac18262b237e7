import { AppError } from '../errors.ts';

/** Postgres error classes that mean "not now" rather than "not like this". */
const unavailable = /^(08|53|57P0|58)/;
const networkCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT']);
const driverMessages = /timeout exceeded when trying to connect|connection terminated|not queryable|Cannot use a pool/i;

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
  return error;
}
