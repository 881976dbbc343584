import type { Snowflake } from '#domain/ids.ts';
import { createMemoryCommits, type MemoryCommits } from '#platform/memory-commits.ts';
import type { ReportRow, ReportSubject } from '../moderation.ts';
import type { ReportsStore } from '../reports-store.ts';

/**
 * Reports in this process's memory, on commits that may be shared with other stores. Handles that are open at once
 * share everything.
 */
export function createMemoryReportsBackend(commits = createMemoryCommits()): { open(): ReportsStore } {
  const rows = new Map<Snowflake, ReportRow>();
  return { open: () => createStore(commits, rows) };
}

/** Rows are never mutated: a resolution replaces the row. */
function createStore(commits: MemoryCommits, rows: Map<Snowflake, ReportRow>): ReportsStore {
  const all = () => [...rows.values()];
  const put = (row: ReportRow) => void rows.set(row.reportId, row);
  const isOpen = ({ resolution }: ReportRow) => resolution === null;
  const isAbout = ({ kind, id }: ReportSubject, { subject }: ReportRow) =>
    subject.kind === kind && subject.id === id;

  return {
    add: (report) =>
      commits.write(() => {
        const { reporter, subject } = report;
        const earlier = all().find(
          (row) => isOpen(row) && row.reporter === reporter && isAbout(subject, row),
        );
        if (earlier !== undefined) return { reportId: earlier.reportId };
        put({ ...structuredClone(report), resolution: null });
        return { reportId: report.reportId };
      }),
    report: async ({ reportId }) => structuredClone(rows.get(reportId)),
    anyOpen: async ({ tweetIds }) =>
      all().some((row) => isOpen(row) && row.subject.kind === 'tweet' && tweetIds.includes(row.subject.id)),
    reports: async ({ open, before, limit }) =>
      all()
        .filter((row) => isOpen(row) === open && row.reportId < (before ?? Number.POSITIVE_INFINITY))
        .sort((a, b) => b.reportId - a.reportId)
        .slice(0, limit)
        .map((row) => structuredClone(row)),
    resolve: ({ subject, resolution, dismissed }) =>
      commits.write(() => {
        const resolved = all().filter(
          (row) =>
            isAbout(subject, row) &&
            (isOpen(row) || (row.reportId === dismissed && row.resolution?.act === 'dismiss')),
        );
        for (const row of resolved) put({ ...row, resolution: { ...resolution } });
        return resolved.length;
      }),
    eraseUser: ({ userId, limit }) =>
      commits.write(() => {
        const about = all()
          .filter((row) => row.userId === userId)
          .slice(0, limit);
        for (const { reportId } of about) rows.delete(reportId);
        const worded = all()
          .filter(({ reporter, reason }) => reporter === userId && reason !== '')
          .slice(0, limit);
        for (const row of worded) put({ ...row, reason: '' });
        return { done: about.length < limit && worded.length < limit };
      }),
  };
}
