import type { ModerationAct, SubjectKind } from '#domain/names.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { ReportRow } from '../moderation.ts';
import type { ReportsStore } from '../reports-store.ts';

interface Columns {
  report_id: number;
  kind: SubjectKind;
  subject_id: number;
  user_id: number;
  reporter: number;
  reason: string;
  time: number;
  act: ModerationAct | null;
  resolved_by: number;
  resolved_reason: string;
  resolved_at: number;
}

/** {@link ReportsStore} on a database whose migrations contain REPORTS_SCHEMA. */
export function createSqliteReportsStore(db: Database): ReportsStore {
  const insert = db.prepare(
    `INSERT INTO reports (report_id, kind, subject_id, user_id, reporter, reason, time)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const openOne = db.prepare(
    'SELECT report_id AS reportId FROM reports WHERE kind = ? AND subject_id = ? AND reporter = ? AND act IS NULL',
  );
  const byId = db.prepare('SELECT * FROM reports WHERE report_id = ?');
  const anyOpen = db.prepare(
    `SELECT 1 FROM reports WHERE kind = 'tweet' AND act IS NULL
       AND subject_id IN (SELECT value FROM json_each(?)) LIMIT 1`,
  );
  const listOpen = db.prepare(
    'SELECT * FROM reports WHERE act IS NULL AND report_id < ? ORDER BY report_id DESC LIMIT ? + 0',
  );
  const listResolved = db.prepare(
    'SELECT * FROM reports WHERE act IS NOT NULL AND report_id < ? ORDER BY report_id DESC LIMIT ? + 0',
  );
  const resolve = db.prepare(
    `UPDATE reports SET act = ?, resolved_by = ?, resolved_reason = ?, resolved_at = ?
     WHERE kind = ? AND subject_id = ? AND (act IS NULL OR (act = 'dismiss' AND report_id = ?))`,
  );
  const dropAbout = db.prepare(
    'DELETE FROM reports WHERE report_id IN (SELECT report_id FROM reports WHERE user_id = ? LIMIT ? + 0)',
  );
  const emptyWords = db.prepare(
    `UPDATE reports SET reason = '' WHERE report_id IN
       (SELECT report_id FROM reports WHERE reporter = ? AND reason <> '' LIMIT ? + 0)`,
  );

  return {
    add: ({ reportId, subject, userId, reporter, reason, time }) =>
      db.write(() => {
        insert.run(reportId, subject.kind, subject.id, userId, reporter, reason, time);
        return openOne.get(subject.kind, subject.id, reporter) as { reportId: number };
      }),
    async report({ reportId }) {
      const columns = byId.get(reportId);
      return columns === undefined ? undefined : rowOf(columns);
    },
    anyOpen: async ({ tweetIds }) => anyOpen.get(JSON.stringify(tweetIds)) !== undefined,
    reports: async ({ open, before, limit }) =>
      (open ? listOpen : listResolved).all(before ?? Number.MAX_SAFE_INTEGER, limit).map(rowOf),
    resolve: ({ subject: { kind, id }, resolution: { act, by, reason, time }, dismissed = null }) =>
      db.write(() => Number(resolve.run(act, by, reason, time, kind, id, dismissed).changes)),
    eraseUser: ({ userId, limit }) =>
      db.write(() => {
        const about = Number(dropAbout.run(userId, limit).changes);
        const by = Number(emptyWords.run(userId, limit).changes);
        return { done: about < limit && by < limit };
      }),
  };
}

function rowOf(columns: unknown): ReportRow {
  const row = columns as Columns;
  const { act, resolved_by: by, resolved_reason: reason, resolved_at: time } = row;
  return {
    reportId: row.report_id,
    subject: { kind: row.kind, id: row.subject_id },
    userId: row.user_id,
    reporter: row.reporter,
    reason: row.reason,
    time: row.time,
    resolution: act === null ? null : { act, by, reason, time },
  };
}
