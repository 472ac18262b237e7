import { AppError, httpStatusOf, type ErrorCode } from '../errors.ts';

export interface HttpErrorOptions {
  /** @default the code's own status */
  status?: number;
  headers?: Readonly<Record<string, string>>;
  /**
   * Whether `application/json` has status 200 all the same, as GraphQL over HTTP wants it for a well-formed request.
   * @default false
   */
  okAsJson?: boolean;
  cause?: unknown;
}

/** Refuses a whole request, before or around GraphQL. */
export class HttpError extends AppError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly okAsJson: boolean;

  constructor(code: ErrorCode, message: string, options: HttpErrorOptions = {}) {
    super(code, message, { cause: options.cause });
    this.status = options.status ?? httpStatusOf[code];
    this.headers = options.headers ?? {};
    this.okAsJson = options.okAsJson ?? false;
  }
}

/** The 401 of a token that is not accepted (RFC 6750). */
export function invalidToken(message: string, cause?: unknown): HttpError {
  const headers = { 'WWW-Authenticate': 'Bearer error="invalid_token"' };
  return new HttpError('UNAUTHENTICATED', message, { headers, cause });
}
