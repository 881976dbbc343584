/**
 * The notifications service: what each user was told, and how they want to be told. Preferences are decided when
 * a notification is written, visibility when it is read.
 */
import type { AccountNotice } from '#accounts/accounts.ts';
import type { CommentId, Snowflake, TweetId, UserId } from '#domain/ids.ts';
import type { AccountNoticeType, Audience, BellLevel, NotificationType } from '#domain/names.ts';
import type { ProfileBasic } from '#domain/records.ts';

export interface TypeSettings {
  audience: Audience;
  channels: { inApp: boolean };
}
export type NotificationSettings = Record<NotificationType, TypeSettings>;
/** Sets what is given and keeps the rest. */
export type SettingsChanges = Partial<
  Record<NotificationType, { audience?: Audience; channels?: { inApp?: boolean } }>
>;

export interface NotificationView {
  /** The newest member's snowflake: the underlying like's, comment's, edge's, tweet's or session's own id. */
  id: Snowflake;
  type: NotificationType | AccountNoticeType;
  /** The newest 10 whom the reader may see; none if the notification is about the reader's own account. */
  actors: UserId[];
  actorCount: number;
  tweetId: TweetId | null;
  commentId: CommentId | null;
  time: number;
  read: boolean;
}

/**
 * What all pages of one list cover: the notifications that had arrived when the first page was made, in the groups of that
 * moment. It is opaque: keep it in the cursor, beside `before`.
 */
export interface NotificationsSnapshot {
  /** Notifications that arrived later appear on a new first page. */
  arrival: number;
  /** The number of the newest read marker at the time; later markers do not split groups of these pages. */
  marker: number;
  /** New tweets at or below this were read at the time. */
  after: Snowflake;
  /** The newest tweet of the group of new tweets, 0 where there was none. */
  tweets: Snowflake;
}

export interface NotificationsPage {
  notifications: NotificationView[];
  unread: number;
  users: ProfileBasic[];
  /** `before` of the next page; null at the end. */
  next: Snowflake | null;
  snapshot: NotificationsSnapshot;
  /** Something was left out because a service is down and it could not be checked. */
  partial: boolean;
}

/** Where account notices are read: they are facts of the accounts service. */
export interface AccountNotices {
  /** Those above `after`, newest first, at most 100. */
  notices(request: { userId: UserId; after: Snowflake }): Promise<AccountNotice[]>;
}

export interface Notifications {
  /**
   * Newest first, in full pages, without what was undone, was deleted or is hidden. For the next page, pass `next` as
   * `before` and the `snapshot` that came with it: then pages neither repeat nor skip a group that grows meanwhile. Without
   * `snapshot`, a later page is cut from the groups of that moment.
   */
  list(request: {
    userId: UserId;
    before: Snowflake | null;
    limit: number;
    snapshot?: NotificationsSnapshot | null;
  }): Promise<NotificationsPage>;
  unread(request: { userId: UserId }): Promise<{ unread: number }>;
  /**
   * Marks everything through `upTo` (inclusive) that is there now as read, and nothing that arrives later, whatever its id.
   * It never goes back. Durable when it resolves.
   */
  markRead(request: { userId: UserId; upTo: Snowflake }): Promise<{ unread: number }>;
  settings(request: { userId: UserId }): Promise<NotificationSettings>;
  changeSettings(request: { userId: UserId; changes: SettingsChanges }): Promise<NotificationSettings>;
  /** Sets the user's bell on `other`; `default` unsets it. Throws not_found if `other` is hidden. */
  setBell(request: { userId: UserId; other: UserId; level: BellLevel }): Promise<void>;
  bells(request: { userId: UserId; others: UserId[] }): Promise<{ userId: UserId; level: BellLevel }[]>;
  /** Stops notifications from the tweet's thread. Throws not_found if the user may not read the tweet. */
  muteThread(request: { userId: UserId; tweetId: TweetId }): Promise<void>;
  unmuteThread(request: { userId: UserId; tweetId: TweetId }): Promise<void>;
  /** One notification as `list` would show it now, for streams; null if it is hidden or gone. */
  get(request: {
    userId: UserId;
    id: Snowflake;
  }): Promise<{ notification: NotificationView | null; users: ProfileBasic[] }>;
  /** Erases some of a user's notifications and settings, and notifications that the user caused. Call until `done`. */
  eraseUser(request: { userId: UserId; limit: number }): Promise<{ done: boolean }>;
}
