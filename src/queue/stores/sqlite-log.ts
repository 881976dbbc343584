import { PARTITIONS, type Topic, type WarbleEvent } from '#contract/events.ts';
import type { Log, LogHeads, LogRecord } from '#queue/log.ts';
import type { Outbox } from '#queue/outbox.ts';

/** {@link Log} over the outbox tables of several databases; each topic belongs to one of them. */
export function createSqliteLog(outboxes: readonly Pick<Outbox, 'topics' | 'db'>[]): Log {
  const byTopic = new Map<Topic, Outbox['db']>();
  for (const outbox of outboxes) for (const topic of outbox.topics) byTopic.set(topic, outbox.db);

  function database(topic: Topic): Outbox['db'] {
    const db = byTopic.get(topic);
    if (db === undefined) throw new Error(`No database publishes the topic ${topic}.`);
    return db;
  }
  function heads(topic: Topic): LogHeads {
    const result: LogHeads = { newest: emptyPositions(), trimmed: emptyPositions() };
    const rows = database(topic)
      .prepare('SELECT partition, head, trimmed FROM outbox_heads WHERE topic = ?')
      .all(topic) as { partition: number; head: number; trimmed: number }[];
    for (const row of rows) {
      result.newest[row.partition] = row.head;
      result.trimmed[row.partition] = row.trimmed;
    }
    return result;
  }

  return {
    async read({ topic, partition, after, limit }) {
      const rows = database(topic)
        .prepare(
          `SELECT position, event FROM outbox WHERE topic = ? AND partition = ? AND position > ?
           ORDER BY position LIMIT ? + 0`,
        )
        .all(topic, partition, after, limit) as { position: number; event: string }[];
      return rows.map(
        ({ position, event }): LogRecord => ({
          partition,
          position,
          event: JSON.parse(event) as WarbleEvent,
        }),
      );
    },
    heads: async ({ topic }) => heads(topic),
    trim: ({ topic, partition, through, limit }) => {
      const db = database(topic);
      return db.write(() => {
        const { newest, trimmed: gone } = heads(topic);
        const last = Math.min(through, newest[partition]!);
        const trimmed = gone[partition]!;
        const end = Math.min(last, trimmed + limit);
        if (end <= trimmed) return false;
        db.prepare('DELETE FROM outbox WHERE topic = ? AND partition = ? AND position <= ?').run(
          topic,
          partition,
          end,
        );
        db.prepare('UPDATE outbox_heads SET trimmed = ? WHERE topic = ? AND partition = ?').run(
          end,
          topic,
          partition,
        );
        return end < last;
      });
    },
    onAppend(listener) {
      for (const db of new Set(byTopic.values())) db.onCommit(listener);
    },
  };
}

function emptyPositions(): number[] {
  return new Array<number>(PARTITIONS).fill(0);
}
