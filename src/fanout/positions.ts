/** How far fan-out has read, and how far everything is done: what lies between the two is still being delivered. */
import { PARTITIONS, type Topic } from '#domain/events.ts';

/** One record under way. */
export interface Ticket {
  done(): void;
}

export interface Positions {
  /** Begins at these positions; what was under way is forgotten. */
  start(topic: Topic, at: readonly number[]): void;
  /** After which position to read on. */
  read(topic: Topic, partition: number): number;
  /** A record was read; in order of positions. */
  take(topic: Topic, partition: number, position: number): Ticket;
  /** Index: partition. Everything through these positions is done. */
  done(topic: Topic): number[];
}

interface Lane {
  read: number;
  done: number;
  /** Records under way, in order; finished ones wait for those before them. */
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
