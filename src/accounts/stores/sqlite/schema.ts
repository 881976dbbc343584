/** First migration of the accounts' part of the gateway's database. */
export const ACCOUNTS_SCHEMA = `CREATE TABLE accounts (
  user_id INTEGER PRIMARY KEY,
  handle TEXT NOT NULL,
  name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'deactivated', 'suspended', 'erasing', 'erased')),
  since INTEGER NOT NULL,
  created INTEGER NOT NULL,
  region TEXT NOT NULL DEFAULT 'local'
) STRICT;
CREATE INDEX accounts_unfinished ON accounts (state, user_id) WHERE state IN ('pending', 'erasing');

-- Every handle that anybody ever had, and whose it is: never freed, so that nobody can pass for somebody who left.
CREATE TABLE handles (
  handle_key TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES accounts,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  session_id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES accounts,
  token_hash TEXT NOT NULL UNIQUE,
  created INTEGER NOT NULL,
  last_used INTEGER NOT NULL,
  device TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_of ON sessions (user_id, last_used);
CREATE INDEX sessions_idle ON sessions (last_used);

CREATE TABLE user_id_blocks (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  next INTEGER NOT NULL
) STRICT;
INSERT INTO user_id_blocks (only, next) VALUES (1, 1);

CREATE TABLE secrets (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  time INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  user_id INTEGER,
  detail TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_log_keeps BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_log_stays BEFORE DELETE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;`;

/** Second migration of the accounts' part: what administrators and moderators do. */
export const ADMINISTRATION_SCHEMA = `ALTER TABLE accounts ADD COLUMN moderator INTEGER NOT NULL DEFAULT 0;
-- 0: the password was chosen by its owner. 1: one-time, good for one sign-in until one_time_until. 2: that is used up.
ALTER TABLE accounts ADD COLUMN one_time INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN one_time_until INTEGER NOT NULL DEFAULT 0;
-- 0: the social service may not have heard of the state or the handle.
ALTER TABLE accounts ADD COLUMN announced INTEGER NOT NULL DEFAULT 1;
CREATE INDEX accounts_unannounced ON accounts (user_id) WHERE announced = 0;
CREATE INDEX accounts_moderators ON accounts (user_id) WHERE moderator = 1;
CREATE INDEX handles_of ON handles (user_id, since);

CREATE TABLE sign_up (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  mode TEXT NOT NULL CHECK (mode IN ('open', 'closed', 'invite'))
) STRICT;
INSERT INTO sign_up (only, mode) VALUES (1, 'open');

CREATE TABLE invites (
  invite_id INTEGER PRIMARY KEY,
  code_hash TEXT NOT NULL UNIQUE,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  uses_left INTEGER NOT NULL
) STRICT;

ALTER TABLE audit_log ADD COLUMN origin TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_log ADD COLUMN subject TEXT NOT NULL DEFAULT '';`;

/** Third migration of the accounts' part: sessions end a year after they began. */
export const SESSION_LIFE_SCHEMA = 'CREATE INDEX sessions_begun ON sessions (created);';

/** Fourth migration of the accounts' part: what an account's owner is told about it. */
export const NOTICES_SCHEMA = `CREATE TABLE notices (
  user_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('signIn', 'passwordChanged')),
  PRIMARY KEY (user_id, id)
) STRICT, WITHOUT ROWID;

-- From what somebody has signed in: outlives the sessions, so that signing out makes no device new again.
CREATE TABLE known_devices (
  user_id INTEGER NOT NULL,
  device TEXT NOT NULL,
  last_session INTEGER NOT NULL,
  PRIMARY KEY (user_id, device)
) STRICT, WITHOUT ROWID;`;
