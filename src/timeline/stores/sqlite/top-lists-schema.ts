import { VIEW_STATE_SCHEMA } from '#queue/stores/sqlite/view-store.ts';

/**
 * `slot` is a partition of a generation (generation * PARTITIONS + partition). Tweets are found by author (an author's
 * newest, or one row), by author and likes, by likes, and by time; each index covers its query.
 */
export const TOP_LISTS_MIGRATIONS = [
  `${VIEW_STATE_SCHEMA}
  CREATE TABLE ranks (
    slot INTEGER NOT NULL,
    author INTEGER NOT NULL,
    tweet INTEGER NOT NULL,
    likes INTEGER NOT NULL,
    PRIMARY KEY (slot, author, tweet)
  ) WITHOUT ROWID;
  CREATE INDEX ranks_by_author ON ranks (slot, author, likes, tweet);
  CREATE INDEX ranks_by_likes ON ranks (slot, likes, tweet, author);
  CREATE INDEX ranks_by_time ON ranks (slot, tweet, author, likes);
  CREATE TABLE authors (
    slot INTEGER NOT NULL,
    author INTEGER NOT NULL,
    followers INTEGER NOT NULL,
    listed INTEGER NOT NULL,
    PRIMARY KEY (slot, author)
  ) WITHOUT ROWID;`,
  // `tweets`: pairs of a tweet and its author, as 64-bit floats. `state`: the view's state when it was kept, '' where
  // it was not current.
  `CREATE TABLE kept_tops (
    window TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    floor TEXT NOT NULL,
    edge INTEGER NOT NULL,
    tweets BLOB NOT NULL
  ) WITHOUT ROWID;`,
];
