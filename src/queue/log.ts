/**
 * The log: what services made known, in order. A record's position is its place in one partition of one topic,
 * gapless from 1. Adapters: SQLite and memory, where the outbox of each service's own store is the log of its topics.
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

/** The log of the topics that one store publishes. Nobody asks it for any other. */
export interface TopicLog extends Log {
  readonly topics: readonly Topic[];
}

/** One log over those of several stores. Each topic belongs to one of them. */
export function joinLogs(logs: readonly TopicLog[]): TopicLog {
  const byTopic = new Map<Topic, TopicLog>();
  for (const log of logs) for (const topic of log.topics) byTopic.set(topic, log);

  function of({ topic }: { topic: Topic }): TopicLog {
    const found = byTopic.get(topic);
    if (found === undefined) throw new Error(`No store publishes the topic ${topic}.`);
    return found;
  }
  return {
    topics: [...byTopic.keys()],
    read: async (request) => of(request).read(request),
    range: async (request) => of(request).range(request),
    trim: async (request) => of(request).trim(request),
    onAppend(listener) {
      for (const log of logs) log.onAppend(listener);
    },
  };
}
