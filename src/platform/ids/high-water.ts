import type { Database } from '#platform/sqlite/database.ts';

/** How far time and ids had come when a store last committed, kept in its own commits. */
export interface HighWater {
  /** No id and no time that came with a commit of this store is later. Milliseconds since 1970; 0: none came. */
  readonly time_ms: number;
  /** From now on, every commit keeps what `latest` says then, in the same transaction. */
  keep(latest: () => number): void;
}

/** To be one of the migrations of every database whose rows have ids or times that later ones must not precede. */
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
