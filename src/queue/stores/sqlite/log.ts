import type { Topic, WarbleEvent } from '#domain/events.ts';
import type { Log, LogRecord } from '../../log.ts';
import type { Outbox } from '../../outbox.ts';

type Source = Pick<Outbox, 'topics' | 'db' | 'positions'>;

/** {@link Log} over the outbox tables of several databases; each topic belongs to one of them. */
export function createSqliteLog(outboxes: readonly Source[]): Log {
  const byTopic = new Map<Topic, Source>();
  for (const outbox of outboxes) for (const topic of outbox.topics) byTopic.set(topic, outbox);

  function source(topic: Topic): Source {
    const found = byTopic.get(topic);
    if (found === undefined) throw new Error(`No database publishes the topic ${topic}.`);
    return found;
  }

  return {
    async read({ topic, partition, after, limit }) {
      const rows = source(topic)
        .db.prepare(
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
    range: async ({ topic }) => source(topic).positions.of(topic),
    trim: ({ topic, partition, through, limit }) => {
      const { db, positions } = source(topic);
      return db.write(() => {
        const row = db
          .prepare('SELECT head, trimmed FROM outbox_heads WHERE topic = ? AND partition = ?')
          .get(topic, partition) as { head: number; trimmed: number } | undefined;
        if (row === undefined) return false;
        const last = Math.min(through, row.head);
        const end = Math.min(last, row.trimmed + limit);
        if (end <= row.trimmed) return false;
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
        positions.moved(topic, partition);
        return end < last;
      });
    },
    onAppend(listener) {
      for (const { db } of new Set(byTopic.values())) db.onCommit(listener);
    },
  };
}
