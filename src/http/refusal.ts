import type { Logger } from 'pino';
import { AppError } from '../errors.ts';
import { describeFailure } from './describe-failure.ts';
import type { RequestRecord } from './request-record.ts';

/** What the client is told of whatever went wrong; what it is not told is logged. */
export function refusalOf(error: unknown, { requestId }: RequestRecord, logger: Logger): AppError {
  if (error instanceof AppError && error.code !== 'INTERNAL_SERVER_ERROR') {
    if (error.code === 'SERVICE_UNAVAILABLE' && error.cause) {
      logger.warn(describeFailure(requestId, error), 'unavailable');
    }
    return error;
  }
  logger.error(describeFailure(requestId, error), 'unexpected error');
  return new AppError(
    'INTERNAL_SERVER_ERROR',
    `Something went wrong on our side. Quote request ${requestId} when you report it.`,
  );
}
