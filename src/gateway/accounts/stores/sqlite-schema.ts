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
