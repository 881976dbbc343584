/**
 * The port of the notifications store. Two kinds of data, which an adapter may keep apart:
 *
 * **Facts** (settings, bells, muted threads, read markers): what users decided. Every method that changes one is
 * atomic, idempotent, and durable when it resolves.
 *
 * **Notifications**: what each user was told; a view, derived from the log. They change only through `views` and
 * `advanceBellJob`, in one commit with the position or the job's cursor. A notification belongs to the partition and
 * generation that wrote it; reads see the live generation of every partition. At scale: one partition per recipient,
 * clustered by id, newest first.
 *
 * **Order** is that of ids, newest first. **Reads** reflect every change that resolved before, through whichever handle.
 */
import type { CommentId, Snowflake, TweetId, UserId } from '#domain/ids.ts';
import type { BellLevel, NotificationType } from '#domain/names.ts';
import type { HighWater } from '#platform/ids/high-water.ts';
import type { ViewStore } from '#queue/view.ts';
import type { SettingsChanges } from './notifications.ts';

export const STORE_LIMITS = {
  /** Newest notifications kept per recipient, source partition and generation; a read returns no more than this. */
  notifications: 1_000,
  /** Read markers kept per user; beyond, the oldest joins the next, which merges groups read long ago. */
  readMarkers: 1_000,
  /** Bells set to other than the default, per user. */
  bells: 5_000,
  /** Muted threads per user; beyond, those of the oldest tweets are forgotten. */
  mutedThreads: 5_000,
  /** Users or pairs in one call. */
  batch: 1_000,
} as const;

/** One thing that one user was told; several may show as one group. */
export interface Notification {
  recipient: UserId;
  /** The like's, comment's, repost's, edge's or tweet's own snowflake. */
  id: Snowflake;
  type: NotificationType;
  /** The thread's first tweet; null for follows. */
  tweetId: TweetId | null;
  /** The comment itself, for comments and mentions in comments. */
  commentId: CommentId | null;
  actor: UserId;
}

export interface StoredNotification extends Notification {
  /**
   * Grows from commit to commit. A rebuild takes it over for what stands in the older generation; anything else that
   * it finds has 0.
   */
  arrival: number;
  /** Only a rebuild found it: when it happened its recipient did not want to be told. So it is read. */
  suppressed: boolean;
}

/** What somebody has read: all that had arrived by then, at or below `upTo`. */
export interface ReadMarker {
  /** 1, 2, … in the order in which somebody's markers were set. */
  number: number;
  upTo: Snowflake;
  /** The newest arrival number when the marker was set. */
  arrival: number;
  /** The highest `upTo` of this and all earlier markers: new tweets, which have no arrival, are read through here. */
  highest: Snowflake;
}

export const NO_READ_MARKER: ReadMarker = { number: 0, upTo: 0, arrival: 0, highest: 0 };

export type NotificationChange =
  /** Adds a notification, unless the recipient has one with that id. */
  | { change: 'add'; notification: Notification }
  | { change: 'remove'; recipient: UserId; id: Snowflake }
  /** All that the recipient was told of a tweet. */
  | { change: 'removeTweet'; recipient: UserId; tweetId: TweetId }
  /** Of the actor's follow and follow request only `notification` stays, or nothing; it is added where it is missing. */
  | { change: 'replaceFollow'; recipient: UserId; actor: UserId; notification: Notification | null };

/** Notifying an author's many bell subscribers of one tweet, from `after` (a user id) on. */
export interface BellJob {
  author: UserId;
  tweetId: TweetId;
  after: UserId;
}

export interface StoredBellJob extends BellJob {
  partition: number;
  generation: number;
}

/** What a fold or a scan changes: in this order. */
export interface NotificationsPatch {
  changes: NotificationChange[];
  bellJobs: BellJob[];
  /** From a scan: it was there before every snapshot in use, see {@link StoredNotification.arrival}. */
  scanned: boolean;
}

export interface BellSubscriber {
  userId: UserId;
  /** When the bell was set to `all`, ms since 1970. */
  since: number;
}

export interface NotificationFacts {
  /** What each user changed of the defaults; users who changed nothing are left out. At most 1,000. */
  settings(request: { userIds: UserId[] }): Promise<{ userId: UserId; changes: SettingsChanges }[]>;
  /** What is given is set, the rest kept. Resolves to all that the user changed. */
  mergeSettings(request: { userId: UserId; changes: SettingsChanges }): Promise<SettingsChanges>;

  /** `since` (ms) is kept where the level does not change. False, and nothing done, at the bound of bells. */
  setBell(request: { userId: UserId; other: UserId; level: BellLevel; since: number }): Promise<boolean>;
  /** Those that are not `default`. At most 1,000 others. */
  bells(request: { userId: UserId; others: UserId[] }): Promise<{ userId: UserId; level: BellLevel }[]>;
  /** Who set the bell on the author to `all`, in user id order above `after`; `next` null: that was all. */
  bellSubscribers(request: {
    author: UserId;
    after: UserId;
    limit: number;
  }): Promise<{ subscribers: BellSubscriber[]; next: UserId | null }>;

  muteThread(request: { userId: UserId; tweetId: TweetId }): Promise<void>;
  unmuteThread(request: { userId: UserId; tweetId: TweetId }): Promise<void>;
  /** Those pairs of which the user muted the thread. At most 1,000. */
  mutedThreads(request: {
    pairs: { userId: UserId; tweetId: TweetId }[];
  }): Promise<{ userId: UserId; tweetId: TweetId }[]>;

  /** Adds a read marker after all others of that user. */
  addReadMarker(request: { userId: UserId; upTo: Snowflake; arrival: number }): Promise<void>;
  /** The one that was set last, {@link NO_READ_MARKER} where there was none. */
  readMarker(request: { userId: UserId }): Promise<ReadMarker>;
  /** Every marker kept whose `upTo` is at or above `atLeast`, in the order in which they were set. */
  readMarkers(request: { userId: UserId; atLeast: Snowflake }): Promise<ReadMarker[]>;
}

export interface NotificationRecords {
  /** The notifications' view: positions and notifications commit together. */
  views: ViewStore<NotificationsPatch>;
  /** The newest arrival number. Whatever commits later has a higher one. */
  arrival(): Promise<number>;
  /** Live notifications, newest first, at most 1,000; with `since` only those that this marker does not cover. */
  notifications(request: {
    recipient: UserId;
    since?: Pick<ReadMarker, 'upTo' | 'arrival'>;
  }): Promise<StoredNotification[]>;
  /** Bell jobs of living generations, of the oldest tweets first. */
  bellJobs(request: { limit: number }): Promise<StoredBellJob[]>;
  /**
   * One page of a job: adds the notifications to the job's partition and generation, and moves the job to `next`, or ends it
   * where that is null. False, and nothing done, where the job does not stand at `after` any more.
   */
  advanceBellJob(request: {
    job: StoredBellJob;
    notifications: Notification[];
    next: UserId | null;
  }): Promise<boolean>;
}

export interface NotificationsStore extends NotificationFacts, NotificationRecords {
  /** Deletes at most `limit` rows that are somebody's or that they caused. `done`: nothing was left. */
  eraseUser(request: { userId: UserId; limit: number }): Promise<{ done: boolean }>;
}

/** What opening the store gives: one handle. Several may be open on one backend, and what one writes, all read. */
export interface OpenedNotificationsStore extends NotificationsStore {
  /** How far ids and times had come, kept in every commit of facts. */
  readonly highWater: HighWater;
  /** Resolves when what was asked for is durable; nothing may be asked of this handle afterwards. */
  close(): Promise<void>;
}
