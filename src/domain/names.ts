/**
 * The names that several parts of the system share, each list once: schemas, the OpenAPI document, settings, stores and
 * views are made from these. A test holds what tables check to them (`test/system/names.test.ts`). Errors are in
 * `errors.ts`, topics in `events.ts`, windows beside their lengths in `limits.ts`.
 */

/** The kinds of notifications about what other users do; each can be turned off. */
export const NOTIFICATION_TYPES = [
  'like',
  'comment',
  'repost',
  'mention',
  'follow',
  'followRequest',
  'tweet',
] as const;
export type NotificationType = (typeof NOTIFICATION_TYPES)[number];

/** The notices that the owner of an account gets about it, whatever their settings are. */
export const ACCOUNT_NOTICE_TYPES = ['signIn', 'passwordChanged'] as const;
export type AccountNoticeType = (typeof ACCOUNT_NOTICE_TYPES)[number];

/** Whose actions a user wants to be notified of. */
export const AUDIENCES = ['everyone', 'following', 'nobody'] as const;
export type Audience = (typeof AUDIENCES)[number];

/** How tweets of a followed user are announced: each on its own, together, or not at all. */
export const BELL_LEVELS = ['all', 'default', 'off'] as const;
export type BellLevel = (typeof BELL_LEVELS)[number];

/** What users can do with a tweet besides writing it. */
export const ENGAGEMENT_KINDS = ['like', 'comment', 'repost'] as const;
export type EngagementKind = (typeof ENGAGEMENT_KINDS)[number];

/** What a request to follow leads to. */
export const FOLLOW_STATES = ['following', 'requested'] as const;
export type FollowState = (typeof FOLLOW_STATES)[number];

/** Services without which an answer is still given while they are down; `degraded` then names them. */
export const DEGRADABLE_SERVICES = ['engagement', 'tweets', 'notifications'] as const;
export type DegradableService = (typeof DEGRADABLE_SERVICES)[number];

export const TWEET_KINDS = ['tweet', 'comment'] as const;
export type TweetKind = (typeof TWEET_KINDS)[number];

export const DELETED_BY = ['author', 'moderator', 'erasure'] as const;
export type DeletedBy = (typeof DELETED_BY)[number];

export const ACCOUNT_STATES = ['active', 'deactivated', 'suspended', 'erasing', 'erased'] as const;
export type AccountState = (typeof ACCOUNT_STATES)[number];

/** What can be reported. */
export const SUBJECT_KINDS = ['tweet', 'comment', 'user'] as const;
export type SubjectKind = (typeof SUBJECT_KINDS)[number];

export const REPORT_STATES = ['open', 'resolved'] as const;
export type ReportState = (typeof REPORT_STATES)[number];

/** What a moderator can do about a report. */
export const MODERATION_ACTS = ['dismiss', 'remove', 'suspend'] as const;
export type ModerationAct = (typeof MODERATION_ACTS)[number];

/** Who may sign up: everybody, nobody, or users with an invite code. */
export const SIGN_UP_MODES = ['open', 'closed', 'invite'] as const;
export type SignUpMode = (typeof SIGN_UP_MODES)[number];
