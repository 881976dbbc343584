import { HIGH_WATER_SCHEMA } from '#platform/ids/high-water.ts';
import { VIEW_STATE_SCHEMA } from '#queue/stores/sqlite/view-store.ts';

/** What users decided: an fsync precedes every answer. Script n takes a file from version n to n + 1. */
export const FACTS_MIGRATIONS = [
  `CREATE TABLE settings (
  user_id INTEGER NOT NULL,
  type TEXT NOT NULL,
  audience TEXT,
  in_app INTEGER,
  PRIMARY KEY (user_id, type)
) WITHOUT ROWID;
CREATE TABLE bells (
  user_id INTEGER NOT NULL,
  other INTEGER NOT NULL,
  level TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  PRIMARY KEY (user_id, other)
) WITHOUT ROWID;
CREATE INDEX bells_by_other ON bells (other, level, user_id, since_ms);
CREATE TABLE muted_threads (
  user_id INTEGER NOT NULL,
  tweet_id INTEGER NOT NULL,
  PRIMARY KEY (user_id, tweet_id)
) WITHOUT ROWID;
CREATE TABLE read_marks (
  user_id INTEGER NOT NULL,
  mark INTEGER NOT NULL,
  PRIMARY KEY (user_id, mark)
) WITHOUT ROWID;`,
  // What was at or below a marker of the older kind remains read, whenever it arrives.
  `ALTER TABLE read_marks RENAME TO older_marks;
CREATE TABLE read_marks (
  user_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  up_to INTEGER NOT NULL,
  arrival INTEGER NOT NULL,
  highest INTEGER NOT NULL,
  PRIMARY KEY (user_id, number)
) WITHOUT ROWID;
INSERT INTO read_marks SELECT user_id, row_number() OVER (PARTITION BY user_id ORDER BY mark), mark,
  ${Number.MAX_SAFE_INTEGER}, mark FROM older_marks;
DROP TABLE older_marks;`,
  HIGH_WATER_SCHEMA,
] as const;

/**
 * What users were told. The key serves lists; `items_by_arrival` finds what arrived late; `items_by_actor` serves ended
 * follows and erasure; `items_by_generation` serves dropping a generation that is not used any more.
 */
export const NOTIFICATIONS_MIGRATIONS = [
  `${VIEW_STATE_SCHEMA}
CREATE TABLE items (
  recipient INTEGER NOT NULL,
  id INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  partition INTEGER NOT NULL,
  type TEXT NOT NULL,
  tweet_id INTEGER,
  comment_id INTEGER,
  actor INTEGER NOT NULL,
  arrival INTEGER NOT NULL,
  PRIMARY KEY (recipient, id, generation, partition)
) WITHOUT ROWID;
CREATE INDEX items_by_actor ON items (actor, recipient);
CREATE INDEX items_by_generation ON items (partition, generation);
CREATE TABLE bell_jobs (
  tweet_id INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  partition INTEGER NOT NULL,
  author INTEGER NOT NULL,
  after_user INTEGER NOT NULL,
  PRIMARY KEY (tweet_id, generation, partition)
) WITHOUT ROWID;
CREATE TABLE arrivals (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  newest INTEGER NOT NULL
);
INSERT INTO arrivals VALUES (1, 0);`,
  `ALTER TABLE items ADD COLUMN untold INTEGER NOT NULL DEFAULT 0;
CREATE INDEX items_by_arrival ON items (recipient, arrival);`,
  // Arrivals were counted for everybody. Where a recipient has no row, they go on above that count.
  `CREATE TABLE arrivals_of (recipient INTEGER PRIMARY KEY, newest INTEGER NOT NULL);`,
] as const;
