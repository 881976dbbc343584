import { type EventDraft, PARTITIONS, partitionOf, type Topic, type WarbleEvent } from '#domain/events.ts';
import type { MemoryCommits } from '#platform/memory-commits.ts';
import type { LogRecord, TopicLog } from '../../log.ts';
import type { Appended } from '../../outbox.ts';

export interface MemoryOutbox {
  /** Adds an event; only inside `commits.write`, with its fact. Throws for a topic not in `topics`. */
  append(draft: EventDraft): Appended;
  /** What was appended: the outbox is the log itself. */
  log: TopicLog;
}

export interface MemoryOutboxDeps {
  commits: MemoryCommits;
  /** The topics that this service publishes. */
  topics: readonly Topic[];
  region?: string | undefined;
}

/** A record's index is its position less one, less the partition's start position. */
interface Partition {
  records: LogRecord[];
  /** The position through which records were trimmed. */
  start: number;
}

const endOf = ({ records, start }: Partition) => start + records.length;

/** The outbox of a store in memory, and {@link TopicLog} over it. One for each backend. */
export function createMemoryOutbox({ commits, topics, region = 'local' }: MemoryOutboxDeps): MemoryOutbox {
  const partitions = new Map(topics.map((topic) => [topic, Array.from({ length: PARTITIONS }, empty)]));
  /** By topic and key. */
  const sequences = new Map<string, number>();

  function of(topic: Topic): Partition[] {
    const found = partitions.get(topic);
    if (found === undefined) throw new Error(`This service does not publish the topic ${topic}.`);
    return found;
  }

  const log: TopicLog = {
    topics,
    async read({ topic, partition, after, limit }) {
      const { records, start } = of(topic)[partition]!;
      const from = Math.max(0, after - start);
      return records.slice(from, from + limit);
    },
    range: async ({ topic }) => ({
      end: of(topic).map(endOf),
      start: of(topic).map(({ start }) => start),
    }),
    trim: async ({ topic, partition, through, limit }) => {
      const all = of(topic)[partition]!;
      const last = Math.min(through, endOf(all));
      const end = Math.min(last, all.start + limit);
      if (end <= all.start) return false;
      all.records.splice(0, end - all.start);
      all.start = end;
      return end < last;
    },
    onAppend: commits.onCommit,
  };
  return {
    log,
    append(draft) {
      const { topic, key } = draft;
      const name = `${topic}/${key}`;
      const partition = partitionOf(key);
      const all = of(topic)[partition]!;
      const sequence = (sequences.get(name) ?? 0) + 1;
      const eventId = `${name}/${sequence}`;
      // Frozen, since all readers share it.
      const event: WarbleEvent = Object.freeze({ ...draft, eventId, schemaVersion: 1, sequence, region });
      const record = Object.freeze({ partition, position: endOf(all) + 1, event });
      sequences.set(name, sequence);
      all.records.push(record);
      commits.toUndo(() => {
        sequences.set(name, sequence - 1);
        all.records.pop();
      });
      return { ...record };
    },
  };
}

function empty(): Partition {
  return { records: [], start: 0 };
}
