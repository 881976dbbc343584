/**
 * The port of the notifications store. Two kinds of data, which an adapter may keep apart:
 *
 * **Facts** (settings, bells, muted threads, read markers) are what users decided. Every method that changes one is
 * atomic and idempotent, and its change is durable when it resolves.
 *
 * **Notifications** are what each user was told: a view, derived from the log. They change only through `views` and
 * `advanceBellJob`, in one commit with the position or the job's cursor. A notification belongs to the partition and
 * generation that wrote it; reads see the live generation of every partition. At scale: one partition per recipient,
 * clustered by id, newest first.
 *
 * **Order** is by id, newest first. **Reads** reflect every change that resolved before, through any handle.
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

/** One thing that one user was told; several may be shown as one group. */
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
   * Grows from commit to commit, for each recipient alone, so that it says nothing of others. A rebuild takes it over for notifications that the older generation has; all others that
   * it finds get 0.
   */
  arrival: number;
  /** Only a rebuild found it: the recipient did not want to be told when it happened, so it counts as read. */
  suppressed: boolean;
}

/** What a user has read: everything at or below `upTo` that had arrived by then. */
export interface ReadMarker {
  /** 1, 2, … in the order in which the user's markers were set. */
  number: number;
  upTo: Snowflake;
  /** The user's newest arrival number when the marker was set. */
  arrival: number;
  /** The highest `upTo` of this and all earlier markers: new tweets, which have no arrival, are read through here. */
  highest: Snowflake;
}

export const NO_READ_MARKER: ReadMarker = { number: 0, upTo: 0, arrival: 0, highest: 0 };

export type NotificationChange =
  /** Adds a notification, unless the recipient has one with that id. */
  | { change: 'add'; notification: Notification }
  | { change: 'remove'; recipient: UserId; id: Snowflake }
  /** Everything that the recipient was told about a tweet. */
  | { change: 'removeTweet'; recipient: UserId; tweetId: TweetId }
  /** Keeps only `notification`, or nothing, of the actor's follow and follow request; adds it if it is missing. */
  | { change: 'replaceFollow'; recipient: UserId; actor: UserId; notification: Notification | null };

/** The work of notifying an author's many bell subscribers of one tweet, from `after` (a user id) on. */
export interface BellJob {
  author: UserId;
  tweetId: TweetId;
  after: UserId;
}

export interface StoredBellJob extends BellJob {
  partition: number;
  generation: number;
}

/** The changes of a fold or a scan, in this order. */
export interface NotificationsPatch {
  changes: NotificationChange[];
  bellJobs: BellJob[];
  /** From a scan: it existed before every snapshot in use (see {@link StoredNotification.arrival}). */
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
  /** Sets what is given and keeps the rest. Resolves to everything that the user changed. */
  mergeSettings(request: { userId: UserId; changes: SettingsChanges }): Promise<SettingsChanges>;

  /** Keeps `since` (ms) if the level does not change. False, with nothing changed, at the bound of bells. */
  setBell(request: { userId: UserId; other: UserId; level: BellLevel; since: number }): Promise<boolean>;
  /** Those that are not `default`. At most 1,000 others. */
  bells(request: { userId: UserId; others: UserId[] }): Promise<{ userId: UserId; level: BellLevel }[]>;
  /** The users who set their bell on the author to `all`, by user id, above `after`. `next` is null at the end. */
  bellSubscribers(request: {
    author: UserId;
    after: UserId;
    limit: number;
  }): Promise<{ subscribers: BellSubscriber[]; next: UserId | null }>;

  muteThread(request: { userId: UserId; tweetId: TweetId }): Promise<void>;
  unmuteThread(request: { userId: UserId; tweetId: TweetId }): Promise<void>;
  /** The pairs whose user muted the thread. At most 1,000. */
  mutedThreads(request: {
    pairs: { userId: UserId; tweetId: TweetId }[];
  }): Promise<{ userId: UserId; tweetId: TweetId }[]>;

  /** Adds a read marker after all others of that user. */
  addReadMarker(request: { userId: UserId; upTo: Snowflake; arrival: number }): Promise<void>;
  /** The marker that was set last, or {@link NO_READ_MARKER}. */
  readMarker(request: { userId: UserId }): Promise<ReadMarker>;
  /** All kept markers whose `upTo` is at or above `atLeast`, in the order in which they were set. */
  readMarkers(request: { userId: UserId; atLeast: Snowflake }): Promise<ReadMarker[]>;
}

export interface NotificationRecords {
  /** The notifications' view: positions and notifications commit together. */
  views: ViewStore<NotificationsPatch>;
  /** The recipient's newest arrival number. Whatever they are told in a later commit has a higher one. */
  arrival(request: { recipient: UserId }): Promise<number>;
  /** Live notifications, newest first, at most 1,000; with `since`, only those that this marker does not cover. */
  notifications(request: {
    recipient: UserId;
    since?: Pick<ReadMarker, 'upTo' | 'arrival'>;
  }): Promise<StoredNotification[]>;
  /** Bell jobs of generations in use, the oldest tweets first. */
  bellJobs(request: { limit: number }): Promise<StoredBellJob[]>;
  /**
   * Handles one page of a job: adds the notifications to the job's partition and generation, and moves the job to `next`,
   * or ends it if that is null. False, with nothing changed, if the job is not at `after` any more.
   */
  advanceBellJob(request: {
    job: StoredBellJob;
    notifications: Notification[];
    next: UserId | null;
  }): Promise<boolean>;
}

export interface NotificationsStore extends NotificationFacts, NotificationRecords {
  /** Deletes at most `limit` rows that belong to a user or that the user caused. `done`: nothing was left. */
  eraseUser(request: { userId: UserId; limit: number }): Promise<{ done: boolean }>;
}

/** An open store: one handle. Several may be open on one backend; what one writes, all read. */
export interface OpenedNotificationsStore extends NotificationsStore {
  /** How far ids and times had come, kept in every commit of facts. */
  readonly highWater: HighWater;
  /** Resolves when all writes through this handle are durable. It may not be used afterwards. */
  close(): Promise<void>;
}
