import type { Topic, WarbleEvent } from '#contract/events.ts';
import type { Log, LogRecord } from '#queue/log.ts';
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
  function heads({ topic, partition }: { topic: Topic; partition: number }) {
    const row = database(topic)
      .prepare('SELECT head, trimmed FROM outbox_heads WHERE topic = ? AND partition = ?')
      .get(topic, partition) as { head: number; trimmed: number } | undefined;
    return row ?? { head: 0, trimmed: 0 };
  }

  return {
    async read({ topic, partition, after, limit }) {
      const rows = database(topic)
        .prepare(
          `SELECT position, event FROM outbox WHERE topic = ? AND partition = ? AND position > ?
           ORDER BY position LIMIT ?`,
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
    head: async (request) => heads(request).head,
    trimmedThrough: async (request) => heads(request).trimmed,
    trim: ({ topic, partition, through, limit }) => {
      const db = database(topic);
      return db.write(() => {
        const { head, trimmed } = heads({ topic, partition });
        const end = Math.min(through, head, trimmed + limit);
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
        return end < Math.min(through, head);
      });
    },
    onAppend(listener) {
      for (const db of new Set(byTopic.values())) db.onCommit(listener);
    },
  };
}
