/** The closed list of what can go wrong in a way a client may be told about. */
export type ErrorCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'BAD_USER_INPUT'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'LIMIT_EXCEEDED'
  | 'PERSISTED_QUERY_NOT_FOUND'
  | 'PERSISTED_QUERY_NOT_SUPPORTED'
  | 'PERSISTED_OPERATION_REQUIRED'
  | 'NOT_CACHED'
  | 'SERVICE_UNAVAILABLE'
  | 'INTERNAL_SERVER_ERROR';

/** One table per transport: the HTTP status of each code when it fails a whole request. */
export const httpStatusOf: Readonly<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  BAD_USER_INPUT: 400,
  NOT_FOUND: 404,
  CONFLICT: 409,
  LIMIT_EXCEEDED: 400,
  PERSISTED_QUERY_NOT_FOUND: 404,
  PERSISTED_QUERY_NOT_SUPPORTED: 400,
  PERSISTED_OPERATION_REQUIRED: 403,
  NOT_CACHED: 504,
  SERVICE_UNAVAILABLE: 503,
  INTERNAL_SERVER_ERROR: 500,
};

/** An error whose message is meant for the client. Everything else is masked and logged once. */
export class AppError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

export interface FieldProblem {
  /** Path into the input, for example `title` or `filter.createdFrom`. */
  field: string;
  /** What is wrong and what to send instead. */
  message: string;
}

export class ValidationError extends AppError {
  readonly fields: readonly FieldProblem[];

  constructor(fields: readonly FieldProblem[]) {
    super('BAD_USER_INPUT', fields.map((problem) => `${problem.field}: ${problem.message}`).join(' '));
    this.fields = fields;
  }
}

export class NotFoundError extends AppError {
  constructor(what: string) {
    super('NOT_FOUND', `${what} was not found.`);
  }
}

export class ForbiddenError extends AppError {
  constructor(message: string) {
    super('FORBIDDEN', message);
  }
}

export class ConflictError extends AppError {
  /** The version the entity has now; null where the conflict is not about a version. */
  readonly currentVersion: number | null;

  constructor(message: string, currentVersion: number | null = null) {
    super('CONFLICT', message);
    this.currentVersion = currentVersion;
  }
}
