import pino, { type DestinationStream, type Logger } from 'pino';
import type { LogLevel } from './config.ts';

export interface LoggerOptions {
  level: LogLevel;
  /** Lines for people instead of JSON. @default whether standard output is a terminal */
  pretty?: boolean;
  /** Where the lines go. @default standard output */
  destination?: DestinationStream;
}

/** Never in a log, at whatever depth people put them. */
const secrets = [
  'authorization',
  'cookie',
  'set-cookie',
  'token',
  'password',
  'secret',
  'connectionString',
  'databaseUrl',
  'emergencyContact',
].map((name) => (name.includes('-') ? `["${name}"]` : name));

export function createLogger(options: LoggerOptions): Logger {
  const { level, pretty = process.stdout.isTTY, destination = pino.destination({ fd: 1, sync: true }) } = options;
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: atDepths(secrets, 4), censor: '[redacted]' },
    },
    pretty ? { write: (line: string) => destination.write(forPeople(line)) } : destination,
  );
}

/** `a`, `*.a`, `*.*.a`, …: pino's paths know no "anywhere". */
function atDepths(names: string[], depth: number): string[] {
  return Array.from({ length: depth }, (_, level) => '*.'.repeat(level)).flatMap((prefix) =>
    names.map((name) => (name.startsWith('[') ? prefix.replace(/\.$/, '') + name : prefix + name)),
  );
}

/** `21:03:11 warn  the message  key=value` */
function forPeople(line: string): string {
  const { time, level, msg = '', err, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const values = Object.entries(rest).map(([key, value]) => `  ${key}=${JSON.stringify(value)}`);
  const stack = (err as { stack?: string } | undefined)?.stack;
  const clock = String(time).slice(11, 19);
  return `${clock} ${String(level).padEnd(5)} ${String(msg)}${values.join('')}\n${stack ? `${stack}\n` : ''}`;
}
