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
/** What is given is set, the rest kept. */
export type SettingsChanges = Partial<
  Record<NotificationType, { audience?: Audience; channels?: { inApp?: boolean } }>
>;

export interface NotificationView {
  /** The newest member's snowflake: the underlying like's, comment's, edge's, tweet's or session's own id. */
  id: Snowflake;
  type: NotificationType | AccountNoticeType;
  /** Newest 10 whom the reader may see; none where it is about the reader's own account. */
  actors: UserId[];
  actorCount: number;
  tweetId: TweetId | null;
  commentId: CommentId | null;
  time: number;
  read: boolean;
}

/**
 * What a list covers from its first page to its last: what had arrived when the first page was made, grouped as it
 * was then. Opaque: keep it in the cursor, beside `before`.
 */
export interface NotificationsSnapshot {
  /** Notifications that arrived later belong to a fresh first page. */
  arrival: number;
  /** The number of the read marker at the time; later markers split no group of these pages. */
  marker: number;
  /** New tweets at or below this were read then. */
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
  /** Something could not be checked, because a service is down, and was left out. */
  partial: boolean;
}

/** Where notices are read: facts of whoever keeps accounts. */
export interface AccountNotices {
  /** Those above `after`, newest first, at most 100. */
  notices(request: { userId: UserId; after: Snowflake }): Promise<AccountNotice[]>;
}

export interface Notifications {
  /**
   * Newest first, full pages; what was undone, deleted or is hidden is left out. Hand back `next` as `before` and
   * `snapshot` as it came, so that the pages neither repeat nor skip a group that grows meanwhile; without `snapshot` a later
   * page is cut from the groups as they stand at that moment.
   */
  list(request: {
    userId: UserId;
    before: Snowflake | null;
    limit: number;
    snapshot?: NotificationsSnapshot | null;
  }): Promise<NotificationsPage>;
  unread(request: { userId: UserId }): Promise<{ unread: number }>;
  /**
   * Marks everything through `upTo` (inclusive) as read that is there now, and nothing that is yet to come, whatever
   * its id; never goes back. Durable when it resolves.
   */
  markRead(request: { userId: UserId; upTo: Snowflake }): Promise<{ unread: number }>;
  settings(request: { userId: UserId }): Promise<NotificationSettings>;
  changeSettings(request: { userId: UserId; changes: SettingsChanges }): Promise<NotificationSettings>;
  /** Sets the bell on somebody followed. Throws not_found where the user is hidden. `default` where it is not set. */
  setBell(request: { userId: UserId; other: UserId; level: BellLevel }): Promise<void>;
  bells(request: { userId: UserId; others: UserId[] }): Promise<{ userId: UserId; level: BellLevel }[]>;
  /** No more notifications from that tweet's thread. Throws not_found as reading it would. */
  muteThread(request: { userId: UserId; tweetId: TweetId }): Promise<void>;
  unmuteThread(request: { userId: UserId; tweetId: TweetId }): Promise<void>;
  /** One notification as `list` would show it now, for streams; null where it is hidden or gone. */
  get(request: {
    userId: UserId;
    id: Snowflake;
  }): Promise<{ notification: NotificationView | null; users: ProfileBasic[] }>;
  /** Forgets some of what concerns somebody: their notifications and those they caused. Call until `done`. */
  eraseUser(request: { userId: UserId; limit: number }): Promise<{ done: boolean }>;
}
