/**
 * Where reports are kept. Every method is one atomic, durable step; where two race, one of them happens first. Times
 * are milliseconds since 1970.
 */
import type { Snowflake, UserId } from '#domain/ids.ts';

export type SubjectKind = 'tweet' | 'comment' | 'user';
/** What a report is about. */
export interface ReportSubject {
  kind: SubjectKind;
  id: number;
}

export type ModerationAct = 'dismiss' | 'remove' | 'suspend';
/** How a report ended. */
export interface Resolution {
  act: ModerationAct;
  /** The moderator. */
  by: UserId;
  reason: string;
  time: number;
}

export interface NewReport {
  reportId: Snowflake;
  subject: ReportSubject;
  /** Whom it concerns: the author of what was reported, or the person. */
  userId: UserId;
  reporter: UserId;
  reason: string;
  time: number;
}
export interface ReportRow extends NewReport {
  /** null: open. */
  resolution: Resolution | null;
}

export interface ReportsStore {
  /**
   * Keeps a report. Where the same person has an open one about the same subject, nothing is kept and that one's id is
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
