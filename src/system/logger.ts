import { type Logger, pino } from 'pino';
import type { SetAside } from '#platform/sqlite/derived-database.ts';
import type { LogLevel } from './config.ts';

/** Structured logs, a JSON object a line, on standard output. Tokens, passwords and texts never get here; this is the last net. */
export function createLogger(level: LogLevel): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: ['*.authorization', '*.cookie', '*.password', '*.token', 'password', 'token', '*.content'],
      censor: '[redacted]',
    },
  });
}

/** Says of a file of derived data that was damaged what was wrong, where it is now, and that it is made again. */
export function logSetAside(logger: Pick<Logger, 'warn'>): (report: SetAside) => void {
  return ({ path, keptAs, reason }) =>
    logger.warn(
      `${path} was damaged (${reason}); it is kept as ${keptAs}, and what it held is made again from facts while the server serves`,
    );
}
