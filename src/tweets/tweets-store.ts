/**
 * The port of the tweets store: tweets and comments, one kind of record, and the events that say so.
 *
 * **Atomicity.** Every change is one commit of its rows, the author's count, the idempotency key and its event,
 * durable when the promise resolves. So counts always equal the rows, and a fact and its event are both there or
 * both not. A change that did nothing has no event.
 * **Idempotency.** Doing again what is done, or deleting what is deleted, changes nothing and says so.
 * **Order.** Lists go by id, newest first. Every read reflects every change that resolved before it, through
 * whichever handle.
 * **Deletion.** The row stays with who wrote it, when and by whom it was deleted; text, entities, images, labels
 * and earlier versions are overwritten in that same commit. A comment exists only as long as its tweet: that is
 * decided at reading, so that deleting a tweet hides a million comments at once; their texts are overwritten a
 * bounded number at a time.
 * **Events.** `tweet.posted` and `tweet.deleted` on topic `tweets`, keyed by author. None for comments.
 */
import type { CommentId, TextId, TweetId, UserId } from '#domain/ids.ts';
import type { DeletedBy } from '#domain/names.ts';
import type { TweetRecord } from '#domain/records.ts';
import type { ChangeSource } from '#platform/change-source.ts';
import type { HighWater } from '#platform/ids/high-water.ts';
import type { TopicLog } from '#queue/log.ts';
import type { Idempotency, TailRequest, TweetTail } from './tweets.ts';

export interface TweetInsert {
  /** With a fresh id; kept only where the idempotency key is new. */
  tweet: TweetRecord;
  idempotency: Idempotency | null;
  /** Milliseconds since 1970. */
  now: number;
  /** Idempotency keys first used before this moment are forgotten. */
  keysSince: number;
  traceId: string;
}

/**
 * `repeated`: the key came before with the same body, `tweetId` is what it made; `mismatch`: with another body.
 * Of two that race with one key, through whichever handles, one is inserted and the other repeated.
 */
export type Inserted = { outcome: 'inserted' | 'repeated'; tweetId: TweetId } | { outcome: 'mismatch' };

export interface Deletion {
  by: DeletedBy;
  /** Milliseconds since 1970. */
  now: number;
  traceId: string;
}

/** `absent`: there never was such a tweet of this author. */
export type Removed = 'removed' | 'already' | 'absent';

/** `no_tweet`: what it answers is gone or never was. */
export type CommentInserted = 'inserted' | 'repeated' | 'no_tweet';

export interface Authorship {
  id: number;
  author: UserId;
  deleted: boolean;
}

export interface TweetsStore {
  /** Tells of tweets and comments that were deleted, but not of every comment that goes with its tweet. */
  readonly changes: ChangeSource;

  insertTweet(insert: TweetInsert): Promise<Inserted>;
  /** Deletes a tweet; its comments are hidden with it, their texts go now or with `sweepComments`. */
  removeTweet(request: { tweetId: TweetId; author: UserId } & Deletion): Promise<Removed>;
  /** Again with the same id: `repeated`, whatever became of it, and nothing changes. */
  insertComment(comment: TweetRecord<CommentId>): Promise<CommentInserted>;
  /**
   * Deletes comments, passing over tweets. An id that never was gets a tombstone: the removal wins over a write
   * that comes late. At most 1,000.
   */
  removeComments(request: { commentIds: CommentId[]; by: DeletedBy; now: number }): Promise<void>;
  /**
   * Deletes at most `limit` tweets and comments of an author, and forgets the author's idempotency keys with the
   * last. `media`: the images that those tweets had; a tweet not yet deleted may share one until `done`.
   */
  eraseAuthor(
    request: { author: UserId; limit: number } & Deletion,
  ): Promise<{ done: boolean; media: string[] }>;

  /**
   * The live ones among these, in no order. Records are shared: never change one. At most 1,000.
   * Here and below, what is asked for twice may be answered twice.
   */
  get<Id extends TextId>(request: { ids: readonly Id[] }): Promise<TweetRecord<Id>[]>;
  /** Those that ever were, deleted or not; a comment goes with its tweet. At most 1,000. */
  authorsOf(request: { ids: readonly number[] }): Promise<Authorship[]>;
  /** Live tweets, newest first. */
  byAuthor(request: { author: UserId; before: TweetId | null; limit: number }): Promise<TweetId[]>;
  /** As {@link TailRequest}; each author at the cost of an index probe. At most 1,000 authors. */
  tails(request: TailRequest): Promise<TweetTail[]>;
  /** One per author asked for, zeros too. At most 1,000. */
  counts(request: { authors: readonly UserId[] }): Promise<{ author: UserId; count: number }[]>;
  /**
   * Live tweets in id order. Looks at no more than `limit` records, deleted ones and comments among them, so a page
   * may be shorter; `next` null: that was all.
   */
  scan(request: {
    after: number;
    limit: number;
  }): Promise<{ tweets: { id: TweetId; author: UserId }[]; next: number | null }>;

  /** Overwrites at most `limit` texts of comments whose tweet is deleted. True: there are more. */
  sweepComments(request: { limit: number; now: number }): Promise<boolean>;
  /** Forgets at most `limit` idempotency keys first used before `before` (ms). True: there may be more. */
  pruneKeys(request: { before: number; limit: number }): Promise<boolean>;
}

/** What opening the store gives: one handle. Several may be open on one backend, and what one writes, all read. */
export interface OpenedTweetsStore extends TweetsStore {
  /** Topics `tweets`: every event that a commit of this store made, appended in that very commit. */
  readonly log: TopicLog;
  /** How far ids and times had come, kept in every commit of this store. */
  readonly highWater: HighWater;
  /** Resolves when what was asked for is durable; nothing may be asked of this handle afterwards. */
  close(): Promise<void>;
}
