/**
 * The log: the events that services published, in order. Positions number the records of one partition of one topic
 * without gaps, from 1. Adapters: SQLite and memory, where the outbox of each service's store is the log of its topics.
 */
import type { Topic, WarbleEvent } from '#domain/events.ts';

export interface LogRecord {
  partition: number;
  position: number;
  event: WarbleEvent;
}

/** What a topic's partitions (index) hold: the records at positions above `start`, through `end`. */
export interface LogRange {
  /** Everything through this position was trimmed; 0 where nothing was. `read` with `after` below it misses records. */
  start: number[];
  /** Position of the newest committed record; 0 where there never was one. */
  end: number[];
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
  range(request: { topic: Topic }): Promise<LogRange>;
  /** Deletes at most `limit` records, none above `through`, which every reader has processed. True: there are more. */
  trim(request: { topic: Topic; partition: number; through: number; limit: number }): Promise<boolean>;
  /** Calls the listener after appends to any topic: a hint to read, which may get lost or come for nothing. */
  onAppend(listener: () => void): void;
}

/** The log of the topics that one store publishes; it is asked for no other. */
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
