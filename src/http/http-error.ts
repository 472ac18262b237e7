import { AppError, httpStatusOf, type ErrorCode } from '../errors.ts';

export interface HttpErrorOptions {
  /** @default the code's own status */
  status?: number;
  headers?: Readonly<Record<string, string>>;
  cause?: unknown;
}

/** Refuses a whole request, before or around GraphQL. */
export class HttpError extends AppError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, { status, headers = {}, cause }: HttpErrorOptions = {}) {
    super(code, message, { cause });
    this.status = status ?? httpStatusOf[code];
    this.headers = headers;
  }
}

/** The 401 of a token that is not accepted (RFC 6750). */
export function invalidToken(message: string, cause?: unknown): HttpError {
  const headers = { 'WWW-Authenticate': 'Bearer error="invalid_token"' };
  return new HttpError('UNAUTHENTICATED', message, { headers, cause });
}
