import { type Logger, pino } from 'pino';
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
