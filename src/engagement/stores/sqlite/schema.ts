import { HIGH_WATER_SCHEMA } from '#platform/ids/high-water.ts';
import { OUTBOX_SCHEMA } from '#queue/outbox.ts';

/**
 * Facts of engagement. Every table's `id` is the item's snowflake and SQLite's row number, which ends every index:
 * one on (tweet_id) is ordered by id within a tweet. `author` wrote the tweet; `actor` liked, commented or
 * reposted.
 *
 * - `tallies` holds each tweet's counts; they change in the transaction of their rows.
 * - `comments.state`: 0 pending, 1 listed, 2 deleting, 3 deleted; `changed_at` (ms) is when it became that.
 * - `reposts.position` is the place of its event in topic `reposts`; `undone_at` (ms) is null while it is active.
 */
const FACTS = `CREATE TABLE tallies (
  tweet_id INTEGER PRIMARY KEY,
  likes INTEGER NOT NULL,
  comments INTEGER NOT NULL,
  reposts INTEGER NOT NULL
);

CREATE TABLE likes (
  id INTEGER PRIMARY KEY,
  tweet_id INTEGER NOT NULL,
  actor INTEGER NOT NULL,
  author INTEGER NOT NULL
);
CREATE UNIQUE INDEX likes_once ON likes (tweet_id, actor);
CREATE INDEX likes_by_tweet ON likes (tweet_id);
CREATE INDEX likes_by_actor ON likes (actor);

CREATE TABLE comments (
  id INTEGER PRIMARY KEY,
  tweet_id INTEGER NOT NULL,
  actor INTEGER NOT NULL,
  author INTEGER NOT NULL,
  state INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
);
CREATE INDEX comments_listed ON comments (tweet_id) WHERE state = 1;
CREATE INDEX comments_pending_by_tweet ON comments (tweet_id) WHERE state = 0;
CREATE INDEX comments_by_actor ON comments (actor) WHERE state < 2;
CREATE INDEX comments_unsettled ON comments (changed_at) WHERE state IN (0, 2);

CREATE TABLE comment_keys (
  actor INTEGER NOT NULL,
  key TEXT NOT NULL,
  body_hash TEXT NOT NULL,
  comment_id INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  PRIMARY KEY (actor, key)
) WITHOUT ROWID;
CREATE INDEX comment_keys_by_time ON comment_keys (used_at);
CREATE INDEX comment_keys_by_comment ON comment_keys (comment_id);

CREATE TABLE reposts (
  id INTEGER PRIMARY KEY,
  tweet_id INTEGER NOT NULL,
  actor INTEGER NOT NULL,
  author INTEGER NOT NULL,
  position INTEGER NOT NULL,
  undone_at INTEGER
);
CREATE UNIQUE INDEX reposts_once ON reposts (tweet_id, actor) WHERE undone_at IS NULL;
CREATE INDEX reposts_by_tweet ON reposts (tweet_id);
CREATE INDEX reposts_by_actor ON reposts (actor) WHERE undone_at IS NULL;
CREATE INDEX reposts_by_position ON reposts (actor, position) WHERE undone_at IS NULL;
CREATE INDEX reposts_undone ON reposts (tweet_id, actor) WHERE undone_at IS NOT NULL;
CREATE INDEX reposts_undone_by_time ON reposts (undone_at) WHERE undone_at IS NOT NULL;`;

/** Script n brings a file from version n to n + 1. */
export const ENGAGEMENT_MIGRATIONS: readonly string[] = [OUTBOX_SCHEMA + FACTS, HIGH_WATER_SCHEMA];
