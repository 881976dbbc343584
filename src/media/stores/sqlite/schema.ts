/** First migration of the media's part of the gateway's database. */
export const MEDIA_SCHEMA = `CREATE TABLE media (
  name TEXT PRIMARY KEY,
  owner INTEGER NOT NULL,
  file_name TEXT NOT NULL,
  alt TEXT NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  content_hash TEXT NOT NULL,
  created INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('storing', 'kept', 'deleting')),
  used INTEGER NOT NULL DEFAULT 0,
  holds INTEGER NOT NULL DEFAULT 0,
  check_at INTEGER NOT NULL,
  -- The place in the order of uploads, which two in one millisecond share by time.
  upload INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX media_uploads ON media (upload);
CREATE INDEX media_by_file ON media (owner, file_name, upload);
CREATE INDEX media_unused ON media (owner) WHERE used = 0;
CREATE INDEX media_due ON media (check_at) WHERE state = 'kept';
CREATE INDEX media_storing ON media (created) WHERE state = 'storing';
CREATE INDEX media_deleting ON media (name) WHERE state = 'deleting';

CREATE TABLE media_holds (
  hold_id TEXT NOT NULL,
  name TEXT NOT NULL REFERENCES media ON DELETE CASCADE,
  until INTEGER NOT NULL,
  PRIMARY KEY (hold_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX media_holds_of ON media_holds (name);`;

/** Third migration: what used a picture last, for the answer to whoever asks before the view of uses has folded it. */
export const MEDIA_LAST_USE_SCHEMA = `ALTER TABLE media ADD COLUMN last_use TEXT;
UPDATE media SET last_use = '' WHERE used = 1;
DROP INDEX media_unused;
CREATE INDEX media_never_used ON media (owner) WHERE last_use IS NULL;`;

/** First migration of the file that holds the view of uses, after VIEW_STATE_SCHEMA. */
export const MEDIA_USES_SCHEMA = `CREATE TABLE media_uses (
  partition INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  used_by TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (partition, generation, used_by, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX media_uses_of ON media_uses (name);
CREATE TABLE media_released (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;`;
