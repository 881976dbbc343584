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

interface Lane {
  read: number;
  done: number;
  /** Records under way, in order; finished ones stay until those before them are finished. */
  open: { position: number; finished: boolean }[];
}

export function createPositions(topics: readonly Topic[]): Positions {
  const lanes = new Map<Topic, Lane[]>();
  for (const topic of topics) start(topic, new Array<number>(PARTITIONS).fill(0));

  function start(topic: Topic, at: readonly number[]): void {
    lanes.set(
      topic,
      at.map((position) => ({ read: position, done: position, open: [] })),
    );
  }
  function settle(lane: Lane): void {
    let finished = 0;
    while (finished < lane.open.length && lane.open[finished]!.finished) finished += 1;
    if (finished === 0) return;
    lane.done = lane.open[finished - 1]!.position;
    lane.open.splice(0, finished);
    if (lane.open.length === 0) lane.done = lane.read;
  }

  return {
    start,
    read: (topic, partition) => lanes.get(topic)![partition]!.read,
    take(topic, partition, position) {
      const lane = lanes.get(topic)![partition]!;
      const entry = { position, finished: false };
      lane.read = position;
      lane.open.push(entry);
      return {
        done() {
          entry.finished = true;
          settle(lane);
        },
      };
    },
    done: (topic) => lanes.get(topic)!.map((lane) => lane.done),
  };
}
