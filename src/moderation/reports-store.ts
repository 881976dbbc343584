/**
 * Where reports are kept. Every method is one atomic, durable step; where two race, one of them happens first. Times
 * are milliseconds since 1970.
 */
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { NewReport, ReportRow, ReportSubject, Resolution } from './moderation.ts';

export interface ReportsStore {
  /**
   * Keeps a report. Where the same user has an open one about the same subject, nothing is kept and that one's id is
   * returned.
   */
  add(report: NewReport): Promise<{ reportId: Snowflake }>;
  report(request: { reportId: Snowflake }): Promise<ReportRow | undefined>;
  /** Whether one of these tweets has an open report. At most 1,000. */
  anyOpen(request: { tweetIds: number[] }): Promise<boolean>;
  /** Open or resolved ones with an id below `before`, newest first. */
  reports(request: { open: boolean; before: Snowflake | null; limit: number }): Promise<ReportRow[]>;
  /**
   * Resolves every open report about a subject; what is resolved already stays as it is. With `dismissed`, that report
   * about it too, where somebody has dismissed it. Says how many it resolved.
   */
  resolve(request: {
    subject: ReportSubject;
    resolution: Resolution;
    dismissed?: Snowflake;
  }): Promise<number>;
  /**
   * Erases some of what is kept about and of somebody: reports that concern them go, and theirs lose their reasons.
   * Call until `done`.
   */
  eraseUser(request: { userId: UserId; limit: number }): Promise<{ done: boolean }>;
}
