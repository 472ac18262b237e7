export interface FailureLine {
  requestId: string;
  err: { name: string; code?: string; table?: string; constraint?: string; message: string; stack?: string };
  cause?: FailureLine['err'];
}

/**
 * An error as the log may keep it. The driver's errors carry rows and parameters (`detail`, `where`), and messages
 * about bad data quote it: those are left out, so that no personal data gets into a log this way.
 */
export function describeFailure(requestId: string, error: unknown): FailureLine {
  const cause = error instanceof Error ? error.cause : undefined;
  return { requestId, err: described(error), ...(cause !== undefined && { cause: described(cause) }) };
}

function described(error: unknown): FailureLine['err'] {
  if (!(error instanceof Error)) return { name: typeof error, message: 'Something that is no Error was thrown.' };
  const { code, table, constraint } = error as { code?: unknown; table?: unknown; constraint?: unknown };
  const message = quotesData(error) ? error.message.replaceAll(/"[^"]*"|'[^']*'|[{([].*[})\]]/gs, '…') : error.message;
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  return {
    name: error.name,
    ...(typeof code === 'string' && { code }),
    ...(typeof table === 'string' && { table }),
    ...(typeof constraint === 'string' && { constraint }),
    message,
    stack: [`${error.name}: ${message}`, ...frames].join('\n'),
  };
}

/** Data exceptions (22…), violated constraints (23…) and what could not be parsed; not the names of tables (42…). */
function quotesData(error: Error): boolean {
  const { code } = error as { code?: unknown };
  return (
    (typeof code === 'string' && /^2[23]/.test(code)) || error instanceof SyntaxError || error.name === 'GraphQLError'
  );
}
