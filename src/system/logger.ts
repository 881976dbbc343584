import { type Logger, pino } from 'pino';
import type { SetAside } from '#platform/sqlite/derived-database.ts';
import type { LogLevel } from './config.ts';

/**
 * Structured logs on standard output, one JSON object a line. Callers never log tokens, passwords or texts; the
 * redaction here is a safety net.
 */
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

/** Logs that a damaged file of derived data was set aside and is being rebuilt. */
export function logSetAside(logger: Pick<Logger, 'warn'>): (report: SetAside) => void {
  return ({ path, keptAs, reason }) =>
    logger.warn(
      `${path} was damaged (${reason}); it is kept as ${keptAs}, and what it held is made again from facts while the server serves`,
    );
}
