/**
 * The relay: copies events from an outbox to a log that lives elsewhere. (In the embedded setup the outbox is the log,
 * and nothing is relayed.) It publishes in order with one batch in flight, deletes rows only after the log has
 * acknowledged them, and begins again from the table after any error. So an event may arrive twice, but is never lost
 * and never overtakes another of its key. The sink drops duplicates by the key's sequence number.
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
  /** The oldest rows that are left, in position order. */
  oldest(request: { topic: Topic; partition: number; limit: number }): Promise<OutboxRow[]>;
  /** Deletes rows through a position. */
  forget(request: { topic: Topic; partition: number; through: number }): Promise<void>;
}

/** The log that events are copied to. */
export interface RelaySink {
  /**
   * Appends events of one partition in this order; durable when it resolves. An event whose sequence number is there
   * already is skipped. May reject although some or all were appended.
   */
  append(request: { topic: Topic; partition: number; events: readonly WarbleEvent[] }): Promise<void>;
  /** Closes the connection: after an error the order that a producer keeps can no longer be trusted. */
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
