import type { WarbleEvent } from '#domain/events.ts';
import type { LogRecord, TopicLog } from '../../log.ts';
import type { Outbox } from '../../outbox.ts';

/** {@link TopicLog} over the outbox tables of a service's database. */
export function createSqliteLog(outbox: Pick<Outbox, 'topics' | 'db' | 'positions'>): TopicLog {
  const { db, positions, topics } = outbox;
  return {
    topics,
    async read({ topic, partition, after, limit }) {
      const rows = db
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
    range: async ({ topic }) => positions.of(topic),
    trim: ({ topic, partition, through, limit }) =>
      db.write(() => {
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
      }),
    onAppend: db.onCommit,
  };
}
