import type { Database } from '#platform/sqlite/database.ts';
import type { AuditEntry, AuditLog, AuditRow } from '../audit.ts';

const DETAIL_CHARACTERS = 1_000;

/** Appends an entry; only inside `db.write`. */
export function appendAudit(db: Database, { time, by, action, userId, detail }: AuditEntry): void {
  db.prepare('INSERT INTO audit_log (time, actor, action, user_id, detail) VALUES (?, ?, ?, ?, ?)').run(
    time,
    by,
    action,
    userId,
    detail.slice(0, DETAIL_CHARACTERS),
  );
}

/** {@link AuditLog} on a database whose migrations contain ACCOUNTS_SCHEMA. */
export function createSqliteAuditLog(db: Database): AuditLog {
  const list = db.prepare(
    `SELECT id, time, actor AS by, action, user_id AS userId, detail FROM audit_log
     WHERE id < ? ORDER BY id DESC LIMIT ? + 0`,
  );
  return {
    record: (entry) => db.write(() => appendAudit(db, entry)),
    list: async ({ before, limit }) =>
      list.all(before ?? Number.MAX_SAFE_INTEGER, limit) as unknown as AuditRow[],
  };
}
