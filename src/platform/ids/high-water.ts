import type { Database } from '#platform/sqlite/database.ts';

/** How far time and ids had come when a store last committed. It is stored in the store's own commits. */
export interface HighWater {
  /** No id or time in this store's commits is later. Milliseconds since 1970; 0: there were none. */
  readonly time_ms: number;
  /** From now on, every commit stores the value of `latest` at that moment, in the same transaction. */
  keep(latest: () => number): void;
}

/** A migration of every database with ids or times that later ones must not precede. */
export const HIGH_WATER_SCHEMA = `CREATE TABLE high_water (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  time_ms INTEGER NOT NULL
) STRICT;
INSERT INTO high_water VALUES (1, 0);`;

/** {@link HighWater} of a database whose migrations contain {@link HIGH_WATER_SCHEMA}. */
export function createSqliteHighWater(db: Database): HighWater {
  const read = db.prepare('SELECT time_ms FROM high_water');
  const raise = db.prepare('UPDATE high_water SET time_ms = ?1 WHERE time_ms < ?1');
  return {
    time_ms: (read.get() as { time_ms: number }).time_ms,
    keep: (latest) => db.inEveryCommit(() => void raise.run(latest())),
  };
}
