/**
 * Moderation: what users report, and what moderators and administrators do about it. Each act is in the audit log
 * before it is done, so that none goes unrecorded; one that a crash cut short can be done again.
 */
import type { Actor } from '#accounts/administration.ts';
import type { CommentId, Snowflake, TweetId, UserId } from '#domain/ids.ts';
import type { ModerationAct, SubjectKind } from '#domain/names.ts';
import type { Page, TweetImage } from '#domain/records.ts';

/** What a report is about. */
export interface ReportSubject {
  kind: SubjectKind;
  id: number;
}

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
  /** Whom it concerns: the author of what was reported, or the user. */
  userId: UserId;
  reporter: UserId;
  reason: string;
  time: number;
}
export interface ReportRow extends NewReport {
  /** null: open. */
  resolution: Resolution | null;
}

/** A report as moderators see it. */
export interface ReportView extends ReportRow {
  /** What was reported, as it stands: null for a user, and where it is gone. */
  content: string | null;
  images: TweetImage[];
}

export interface Moderation {
  /**
   * Reports what the reporter may see; the same again while it is open: the same report. A user may also be reported
   * by somebody who blocks them. Throws not_found, invalid_text.
   */
  report(request: {
    reporter: UserId;
    subject: ReportSubject;
    reason: string;
  }): Promise<{ reportId: Snowflake; time: number }>;
  /** Newest first. Throws forbidden for whoever is no moderator. */
  reports(request: {
    moderator: UserId;
    open: boolean;
    before: Snowflake | null;
    limit: number;
  }): Promise<Page<ReportView & { id: Snowflake }>>;
  /**
   * Does something about a report, and so resolves all open ones about the same thing. `remove`: deletes the tweet or
   * comment for everybody. `suspend`: suspends its author, or the user. Again with the same act: a success. Throws
   * forbidden (no moderator; the user is one), not_found, invalid_request (a user cannot be removed), invalid_text,
   * already_resolved.
   */
  resolve(request: {
    moderator: UserId;
    reportId: Snowflake;
    act: ModerationAct;
    reason: string;
    /** The address of the request, for the audit log. */
    from: string;
    traceId: string;
  }): Promise<void>;

  /** Deletes a tweet for everybody. What is gone already is a success. Throws not_found where it never was. */
  removeTweet(request: { tweetId: TweetId; traceId: string } & Actor): Promise<void>;
  /** The same of a comment. */
  removeComment(request: { commentId: CommentId; traceId: string } & Actor): Promise<void>;
  /**
   * Deletes a picture: it is served no more, and no profile shows it. Tweets with it keep their text. Throws not_found.
   */
  removePicture(request: { name: string; traceId: string } & Actor): Promise<void>;
  /** Erases some of what is kept about and of somebody. Call until `done`. */
  eraseUser(request: { userId: UserId; limit: number }): Promise<{ done: boolean }>;
}
