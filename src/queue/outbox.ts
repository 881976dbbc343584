/**
 * The outbox: a fact and its event are one commit. A service's SQLite store calls `append` inside the write that
 * makes the fact. In the embedded setup this table is the log itself.
 */
import { type EventDraft, partitionOf, type Topic, type WarbleEvent } from '#domain/events.ts';
import type { Database } from '#platform/sqlite/database.ts';
import { createOutboxPositions, type OutboxPositions } from './outbox-positions.ts';

/** Belongs in the first migration of every database that has an outbox. */
export const OUTBOX_SCHEMA = `CREATE TABLE outbox (
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  position INTEGER NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (topic, partition, position)
) WITHOUT ROWID;
CREATE TABLE outbox_heads (
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  head INTEGER NOT NULL,
  trimmed INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
CREATE TABLE outbox_sequences (
  topic TEXT NOT NULL,
  key INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (topic, key)
) WITHOUT ROWID;`;

export interface Appended {
  event: WarbleEvent;
  partition: number;
  position: number;
}

export interface Outbox {
  topics: readonly Topic[];
  db: Database;
  positions: OutboxPositions;
  /** Adds an event; only inside `db.write`, in the transaction of its fact. Throws for a topic not in `topics`. */
  append(draft: EventDraft): Appended;
}

export interface OutboxDeps {
  db: Database;
  /** The topics that this service publishes. */
  topics: readonly Topic[];
  region?: string;
}

export function createOutbox({ db, topics, region = 'local' }: OutboxDeps): Outbox {
  const nextSequence = db.prepare(
    `INSERT INTO outbox_sequences (topic, key, sequence) VALUES (?, ?, 1)
     ON CONFLICT (topic, key) DO UPDATE SET sequence = sequence + 1 RETURNING sequence`,
  );
  const nextPosition = db.prepare(
    `INSERT INTO outbox_heads (topic, partition, head) VALUES (?, ?, 1)
     ON CONFLICT (topic, partition) DO UPDATE SET head = head + 1 RETURNING head`,
  );
  const insert = db.prepare('INSERT INTO outbox (topic, partition, position, event) VALUES (?, ?, ?, ?)');
  const positions = createOutboxPositions(db);
  return {
    topics,
    db,
    positions,
    append(draft) {
      const { topic, key } = draft;
      if (!topics.includes(topic)) throw new Error(`This service does not publish the topic ${topic}.`);
      const partition = partitionOf(key);
      const { sequence } = nextSequence.get(topic, key) as { sequence: number };
      const { head } = nextPosition.get(topic, partition) as { head: number };
      const eventId = `${topic}/${key}/${sequence}`;
      const event: WarbleEvent = { ...draft, eventId, schemaVersion: 1, sequence, region };
      insert.run(topic, partition, head, JSON.stringify(event));
      positions.moved(topic, partition);
      return { event, partition, position: head };
    },
  };
}
