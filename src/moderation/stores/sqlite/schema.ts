/** First migration of the reports' part of the gateway's database. */
export const REPORTS_SCHEMA = `CREATE TABLE reports (
  report_id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('tweet', 'comment', 'user')),
  subject_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  reporter INTEGER NOT NULL,
  reason TEXT NOT NULL,
  time INTEGER NOT NULL,
  -- null: open.
  act TEXT CHECK (act IN ('dismiss', 'remove', 'suspend')),
  resolved_by INTEGER,
  resolved_reason TEXT,
  resolved_at INTEGER
) STRICT;
CREATE UNIQUE INDEX reports_open_once ON reports (kind, subject_id, reporter) WHERE act IS NULL;
CREATE INDEX reports_open ON reports (report_id) WHERE act IS NULL;
CREATE INDEX reports_resolved ON reports (report_id) WHERE act IS NOT NULL;
CREATE INDEX reports_about ON reports (user_id);
CREATE INDEX reports_with_words_by ON reports (reporter) WHERE reason <> '';`;
