/**
 * The log: what services made known, in order. A record's position is its place in one partition of one topic,
 * gapless from 1. Adapters: SQLite (the outbox tables of the services' own databases are the log).
 */
import type { Topic, WarbleEvent } from '#domain/events.ts';

export interface LogRecord {
  partition: number;
  position: number;
  event: WarbleEvent;
}

export interface LogRange {
  end: number[];
  start: number[];
}

/** What to read: records of one partition with a position above `after`. */
export interface LogRead {
  topic: Topic;
  partition: number;
  after: number;
  limit: number;
}

export interface Log {
  /** Committed records in position order; empty when there are none yet. Never skips a record that will appear. */
  read(request: LogRead): Promise<LogRecord[]>;
  /**
   * Per partition (index), the position of the newest committed record, 0 when there was never one; and the
   * position through which records were trimmed: `read` with `after` below it would miss some.
   */
  range(request: { topic: Topic }): Promise<LogRange>;
  /** Forgets records through a position that every reader has passed. At most `limit` at a time; true: there are more. */
  trim(request: { topic: Topic; partition: number; through: number; limit: number }): Promise<boolean>;
  /** Called after appends to any topic; a hint to read, which may be missed or come for nothing. */
  onAppend(listener: () => void): void;
}
