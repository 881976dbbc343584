import { HIGH_WATER_SCHEMA } from '#platform/ids/high-water.ts';
import { OUTBOX_SCHEMA } from '#queue/outbox.ts';

/**
 * `entities`, `labels` and `images` are JSON; '' where there are none.
 *
 * `position` is the place of `tweet.posted` in the author's partition of topic `tweets`; comments have none. A
 * deleted row keeps `author`, `kind`, `root_id`, `deleted_at` and `deleted_by`; `author` 0 marks a comment that was
 * removed before it was written.
 */
const TWEETS_SCHEMA = `CREATE TABLE tweets (
  id INTEGER PRIMARY KEY,
  author INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('tweet', 'comment')),
  parent_id INTEGER,
  root_id INTEGER,
  quote_of INTEGER,
  visibility TEXT NOT NULL,
  version INTEGER NOT NULL,
  lang TEXT,
  labels TEXT NOT NULL,
  app_id TEXT,
  content TEXT NOT NULL,
  entities TEXT NOT NULL,
  images TEXT NOT NULL,
  position INTEGER,
  deleted_at INTEGER,
  deleted_by TEXT CHECK (deleted_by IN ('author', 'moderator', 'erasure'))
) STRICT;
CREATE INDEX live_by_author ON tweets (author, kind, id) WHERE deleted_at IS NULL;
CREATE INDEX live_by_position ON tweets (author, position) WHERE deleted_at IS NULL AND kind = 'tweet';
CREATE INDEX live_comments ON tweets (root_id) WHERE deleted_at IS NULL AND kind = 'comment';

-- Texts before the newest, for when tweets can be edited.
CREATE TABLE tweet_versions (
  tweet_id INTEGER NOT NULL,
  version INTEGER NOT NULL,
  content TEXT NOT NULL,
  entities TEXT NOT NULL,
  replaced_at INTEGER NOT NULL,
  PRIMARY KEY (tweet_id, version)
) STRICT, WITHOUT ROWID;

-- Live tweets (no comments) of each author.
CREATE TABLE author_counts (
  author INTEGER PRIMARY KEY,
  live INTEGER NOT NULL CHECK (live >= 0)
) STRICT;

CREATE TABLE idempotency_keys (
  author INTEGER NOT NULL,
  key TEXT NOT NULL,
  body_hash TEXT NOT NULL,
  tweet_id INTEGER NOT NULL,
  first_used INTEGER NOT NULL,
  PRIMARY KEY (author, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency_keys (first_used);

-- Tweets that ended while comments on them still have their text.
CREATE TABLE ended_threads (
  root_id INTEGER PRIMARY KEY,
  deleted_by TEXT NOT NULL
) STRICT;`;

/** Script n brings a file from version n to n + 1. */
export const TWEETS_MIGRATIONS: readonly string[] = [`${OUTBOX_SCHEMA}\n${TWEETS_SCHEMA}`, HIGH_WATER_SCHEMA];
