/**
 * The port of the store of reports. Every method is one atomic, durable step, and concurrent calls are serialised.
 * Times are milliseconds since 1970.
 */
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { NewReport, ReportRow, ReportSubject, Resolution } from './moderation.ts';

export interface ReportsStore {
  /**
   * Adds a report. If the same user has an open one about the same subject, returns its id instead.
   */
  add(report: NewReport): Promise<{ reportId: Snowflake }>;
  report(request: { reportId: Snowflake }): Promise<ReportRow | undefined>;
  /** Whether one of these tweets has an open report. At most 1,000. */
  anyOpen(request: { tweetIds: number[] }): Promise<boolean>;
  /** Open or resolved reports with an id below `before`, newest first. */
  reports(request: { open: boolean; before: Snowflake | null; limit: number }): Promise<ReportRow[]>;
  /**
   * Resolves every open report about a subject; resolved ones stay as they are. With `dismissed`, resolves that report
   * too, even if it has been dismissed. Returns how many it resolved.
   */
  resolve(request: {
    subject: ReportSubject;
    resolution: Resolution;
    dismissed?: Snowflake;
  }): Promise<number>;
  /**
   * Erases some reports about and by a user: those that concern the user are deleted, and those by the user lose their
   * reasons. Call until `done`.
   */
  eraseUser(request: { userId: UserId; limit: number }): Promise<{ done: boolean }>;
}
