/** How far fan-out has read each partition, and how far everything is done. What lies between is being delivered. */
import { PARTITIONS, type Topic } from '#domain/events.ts';

/** A record under way. */
export interface Ticket {
  done(): void;
}

export interface Positions {
  /** Starts from these positions (index: partition); records under way are dropped. */
  start(topic: Topic, at: readonly number[]): void;
  /** The last position read. */
  read(topic: Topic, partition: number): number;
  /** Notes that a record was read. To be called in order of positions. */
  take(topic: Topic, partition: number, position: number): Ticket;
  /** The positions through which everything is done. Index: partition. */
  done(topic: Topic): number[];
}

interface PartitionProgress {
  read: number;
  done: number;
  /** Records under way, in order; finished ones stay until those before them are finished. */
  open: { position: number; finished: boolean }[];
}

export function createPositions(topics: readonly Topic[]): Positions {
  const byTopic = new Map<Topic, PartitionProgress[]>();
  for (const topic of topics) start(topic, new Array<number>(PARTITIONS).fill(0));

  function start(topic: Topic, at: readonly number[]): void {
    byTopic.set(
      topic,
      at.map((position) => ({ read: position, done: position, open: [] })),
    );
  }
  function settle(progress: PartitionProgress): void {
    let finished = 0;
    while (finished < progress.open.length && progress.open[finished]!.finished) finished += 1;
    if (finished === 0) return;
    progress.done = progress.open[finished - 1]!.position;
    progress.open.splice(0, finished);
    if (progress.open.length === 0) progress.done = progress.read;
  }

  return {
    start,
    read: (topic, partition) => byTopic.get(topic)![partition]!.read,
    take(topic, partition, position) {
      const progress = byTopic.get(topic)![partition]!;
      const entry = { position, finished: false };
      progress.read = position;
      progress.open.push(entry);
      return {
        done() {
          entry.finished = true;
          settle(progress);
        },
      };
    },
    done: (topic) => byTopic.get(topic)!.map((progress) => progress.done),
  };
}
