/**
 * The relay: brings events from an outbox to a log that is somewhere else. (Embedded, the outbox is the log, and
 * nothing is relayed.) It publishes in order with one batch in flight, forgets rows only after the log has
 * acknowledged them, and after any error begins again from the table: so an event may arrive twice, never out of its
 * key's order and never not at all. The sink drops what it has, by the key's sequence.
 */
import { PARTITIONS, type Topic, type WarbleEvent } from '#domain/events.ts';
import type { Worker } from '#platform/worker.ts';

export interface OutboxRow {
  position: number;
  event: WarbleEvent;
}

/** The outbox, as the relay sees it. One relay owns a partition at a time. */
export interface RelaySource {
  topics: readonly Topic[];
  /** The oldest rows that were not forgotten, in position order. */
  oldest(request: { topic: Topic; partition: number; limit: number }): Promise<OutboxRow[]>;
  /** Forgets rows through a position. */
  forget(request: { topic: Topic; partition: number; through: number }): Promise<void>;
}

/** A log that events are brought to. */
export interface RelaySink {
  /**
   * Appends events of one partition, in this order; durable when it resolves. What has the sequence of an event that
   * is there already is passed over. May reject although some or all were appended.
   */
  append(request: { topic: Topic; partition: number; events: readonly WarbleEvent[] }): Promise<void>;
  /** Drops whatever connection there is: after an error a producer's own order can no longer be trusted. */
  reset(): Promise<void>;
}

export interface RelayDeps {
  source: RelaySource;
  sink: RelaySink;
  batch?: number;
}

const BATCH = 500;
const IDLE_MS = 1_000;

export function createRelay({ source, sink, batch = BATCH }: RelayDeps): Worker {
  async function relayOne(topic: Topic, partition: number): Promise<boolean> {
    const rows = await source.oldest({ topic, partition, limit: batch });
    const last = rows.at(-1);
    if (last === undefined) return false;
    await sink.append({ topic, partition, events: rows.map((row) => row.event) });
    await source.forget({ topic, partition, through: last.position });
    return true;
  }

  return {
    name: 'relay',
    idle_ms: IDLE_MS,
    followsLog: true,
    async step() {
      let moved = false;
      try {
        for (const topic of source.topics) {
          for (let partition = 0; partition < PARTITIONS; partition++) {
            moved = (await relayOne(topic, partition)) || moved;
          }
        }
      } catch (error) {
        await sink.reset();
        throw error;
      }
      return moved;
    },
  };
}
