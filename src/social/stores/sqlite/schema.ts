import { HIGH_WATER_SCHEMA } from '#platform/ids/high-water.ts';
import { OUTBOX_SCHEMA } from '#queue/outbox.ts';

/**
 * Each kind of relationship has a table of its own, so that answers leave out private follows by never reading them.
 * The primary key finds one relationship, and lists a user's followers by userId. The indexes contain the other end (a
 * table without rowid appends its key to each index), so no list reads the table itself.
 */
const RELATIONSHIPS = `
CREATE TABLE follows (
  target INTEGER NOT NULL, source INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (target, source)
) WITHOUT ROWID;
CREATE INDEX follows_by_source ON follows (source, id);
CREATE INDEX follows_by_target ON follows (target, id);

CREATE TABLE private_follows (
  target INTEGER NOT NULL, source INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (target, source)
) WITHOUT ROWID;
CREATE INDEX private_follows_by_source ON private_follows (source, id);

CREATE TABLE follow_requests (
  target INTEGER NOT NULL, source INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (target, source)
) WITHOUT ROWID;
CREATE INDEX follow_requests_by_source ON follow_requests (source, id);
CREATE INDEX follow_requests_by_target ON follow_requests (target, id);

CREATE TABLE blocks (
  target INTEGER NOT NULL, source INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (target, source)
) WITHOUT ROWID;
CREATE INDEX blocks_by_source ON blocks (source, id);

CREATE TABLE mutes (
  target INTEGER NOT NULL, source INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (target, source)
) WITHOUT ROWID;
CREATE INDEX mutes_by_source ON mutes (source, id);
`;

const USERS = `
CREATE TABLE people (
  user_id INTEGER PRIMARY KEY,
  handle TEXT NOT NULL,
  handle_key TEXT NOT NULL,
  name TEXT NOT NULL,
  bio TEXT NOT NULL,
  picture TEXT NOT NULL,
  protected INTEGER NOT NULL,
  state TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  followers INTEGER NOT NULL DEFAULT 0,
  following INTEGER NOT NULL DEFAULT 0,
  outgoing INTEGER NOT NULL DEFAULT 0,
  private_followers INTEGER NOT NULL DEFAULT 0,
  requesters INTEGER NOT NULL DEFAULT 0,
  blocks INTEGER NOT NULL DEFAULT 0,
  mutes INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX people_by_handle ON people (handle_key);
CREATE INDEX people_unsettled ON people (user_id)
  WHERE (protected = 1 AND private_followers > 0) OR (protected = 0 AND requesters > 0);
CREATE TABLE former_handles (
  user_id INTEGER NOT NULL, until INTEGER NOT NULL, handle TEXT NOT NULL, PRIMARY KEY (user_id, until, handle)
) WITHOUT ROWID;
`;

/** A private follow ends when its followee's count of protections grows. Private followers are not counted any more. */
const PROTECTIONS = `
ALTER TABLE people ADD COLUMN protections INTEGER NOT NULL DEFAULT 0;
ALTER TABLE people ADD COLUMN settled_protections INTEGER NOT NULL DEFAULT 0;
UPDATE people SET protections = 1 WHERE protected = 1;
ALTER TABLE private_follows ADD COLUMN protections INTEGER NOT NULL DEFAULT 0;
CREATE INDEX private_follows_by_target ON private_follows (target, protections);
DROP INDEX people_unsettled;
ALTER TABLE people DROP COLUMN private_followers;
CREATE INDEX people_unsettled ON people (user_id)
  WHERE settled_protections < protections OR (protected = 0 AND requesters > 0);
`;

/** Ended mutes and blocks, keyed by their end because the oldest are dropped. */
const HIDDEN_PERIODS = `
CREATE TABLE hidden_periods (
  viewer INTEGER NOT NULL, until INTEGER NOT NULL, other INTEGER NOT NULL, since INTEGER NOT NULL,
  PRIMARY KEY (viewer, until)
) WITHOUT ROWID;
CREATE INDEX hidden_periods_by_other ON hidden_periods (other);
`;

const HIDDEN_REPOSTS = `
CREATE TABLE hidden_reposts (
  target INTEGER NOT NULL, source INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (target, source)
) WITHOUT ROWID;
CREATE INDEX hidden_reposts_by_source ON hidden_reposts (source, id);
`;

export const SOCIAL_MIGRATIONS: readonly string[] = [
  OUTBOX_SCHEMA + USERS + RELATIONSHIPS,
  PROTECTIONS,
  HIDDEN_PERIODS,
  HIGH_WATER_SCHEMA,
  HIDDEN_REPOSTS,
];
