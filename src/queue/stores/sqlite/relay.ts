/** Both ends of a relay on SQLite: an outbox as the source, and a log in another file as the sink. */
import type { Topic, WarbleEvent } from '#domain/events.ts';
import type { Outbox } from '../../outbox.ts';
import type { RelaySink, RelaySource } from '../../relay.ts';

/** {@link RelaySource} on the outbox tables of a service's database. */
export function createSqliteRelaySource({ db, topics }: Pick<Outbox, 'db' | 'topics'>): RelaySource {
  const oldest = db.prepare(
    'SELECT position, event FROM outbox WHERE topic = ? AND partition = ? ORDER BY position LIMIT ? + 0',
  );
  const forget = db.prepare('DELETE FROM outbox WHERE topic = ? AND partition = ? AND position <= ?');
  return {
    topics,
    async oldest({ topic, partition, limit }) {
      const rows = oldest.all(topic, partition, limit) as { position: number; event: string }[];
      return rows.map(({ position, event }) => ({ position, event: JSON.parse(event) as WarbleEvent }));
    },
    forget: ({ topic, partition, through }) =>
      db.write(() => {
        forget.run(topic, partition, through);
      }),
  };
}

/** {@link RelaySink} on a database with the outbox's schema, which `createSqliteLog` then reads as a log. */
export function createSqliteRelaySink({ db, positions }: Pick<Outbox, 'db' | 'positions'>): RelaySink {
  const seen = db.prepare('SELECT sequence FROM outbox_sequences WHERE topic = ? AND key = ?');
  const note = db.prepare(
    `INSERT INTO outbox_sequences (topic, key, sequence) VALUES (?, ?, ?)
     ON CONFLICT (topic, key) DO UPDATE SET sequence = excluded.sequence`,
  );
  const nextPosition = db.prepare(
    `INSERT INTO outbox_heads (topic, partition, head) VALUES (?, ?, 1)
     ON CONFLICT (topic, partition) DO UPDATE SET head = head + 1 RETURNING head`,
  );
  const insert = db.prepare('INSERT INTO outbox (topic, partition, position, event) VALUES (?, ?, ?, ?)');

  function appendOne(topic: Topic, partition: number, event: WarbleEvent): void {
    const last = (seen.get(topic, event.key) as { sequence: number } | undefined)?.sequence ?? 0;
    if (event.sequence <= last) return;
    if (event.sequence > last + 1)
      throw new Error(`${event.eventId} came before ${topic}/${event.key}/${last + 1}.`);
    const { head } = nextPosition.get(topic, partition) as { head: number };
    insert.run(topic, partition, head, JSON.stringify(event));
    note.run(topic, event.key, event.sequence);
    positions.moved(topic, partition);
  }

  return {
    append: ({ topic, partition, events }) =>
      db.write(() => {
        for (const event of events) appendOne(topic, partition, event);
      }),
    reset: async () => {},
  };
}
