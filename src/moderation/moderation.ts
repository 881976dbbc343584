/**
 * Moderation: reports of users, and what moderators and administrators do about them. Each action is written to the
 * audit log before it is done, so that none goes unrecorded; one that a crash interrupted can be repeated.
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

/** How a report was resolved. */
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
  /** The user whom it concerns: the author of the reported tweet or comment, or the reported user. */
  userId: UserId;
  reporter: UserId;
  reason: string;
  time: number;
}
export interface ReportRow extends NewReport {
  /** null while it is open. */
  resolution: Resolution | null;
}

/** A report as moderators see it. */
export interface ReportView extends ReportRow {
  /** The reported text as it is now; null for a user, and where it is deleted. */
  content: string | null;
  images: TweetImage[];
}

export interface Moderation {
  /**
   * Reports something that the reporter may see. Reporting it again while the report is open returns that report. A
   * user may also be reported by somebody who blocks them. Throws not_found, invalid_text.
   */
  report(request: {
    reporter: UserId;
    subject: ReportSubject;
    reason: string;
  }): Promise<{ reportId: Snowflake; time: number }>;
  /** Newest first. Throws forbidden where the viewer is no moderator. */
  reports(request: {
    moderator: UserId;
    open: boolean;
    before: Snowflake | null;
    limit: number;
  }): Promise<Page<ReportView & { id: Snowflake }>>;
  /**
   * Resolves a report, and all other open ones about the same subject. `remove`: deletes the tweet or comment for
   * everybody. `suspend`: suspends its author, or the reported user. Succeeds when repeated with the same act. Throws
   * forbidden (the caller is no moderator, or the user is one), not_found, invalid_request (a user cannot be removed),
   * invalid_text, already_resolved.
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

  /** Deletes a tweet for everybody; succeeds where it is deleted already. Throws not_found where it never existed. */
  removeTweet(request: { tweetId: TweetId; traceId: string } & Actor): Promise<void>;
  /** The same for a comment. */
  removeComment(request: { commentId: CommentId; traceId: string } & Actor): Promise<void>;
  /**
   * Deletes a picture: it is not served any more, and no profile shows it. Tweets keep their texts. Throws not_found.
   */
  removePicture(request: { name: string; traceId: string } & Actor): Promise<void>;
  /** Erases some reports about and by a user. Call until `done`. */
  eraseUser(request: { userId: UserId; limit: number }): Promise<{ done: boolean }>;
}
