import type { Database } from '#platform/sqlite/database.ts';
import type { AuditEntry, AuditLog } from '../../audit.ts';

const DETAIL_CHARACTERS = 1_000;

/** Appends an entry; only inside `db.write`. */
export function appendAudit(db: Database, entry: AuditEntry): void {
  const { id, time, by, from, action, userId, subject, detail } = entry;
  db.prepare(
    `INSERT INTO audit_log (id, time, actor, origin, action, user_id, subject, detail)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(id, time, by, from, action, userId, subject, detail.slice(0, DETAIL_CHARACTERS));
}

/** {@link AuditLog} on a database whose migrations contain ACCOUNTS_SCHEMA. */
export function createSqliteAuditLog(db: Database): AuditLog {
  const list = db.prepare(
    `SELECT id, time, actor AS by, origin AS "from", action, user_id AS userId, subject, detail FROM audit_log
     WHERE id < ? ORDER BY id DESC LIMIT ? + 0`,
  );
  return {
    record: (entry) => db.write(() => appendAudit(db, entry)),
    list: async ({ before, limit }) =>
      list.all(before ?? Number.MAX_SAFE_INTEGER, limit) as unknown as AuditEntry[],
  };
}
