/**
 * The port of the tweets store: tweets and comments, which share one kind of record, and the events of their changes.
 *
 * **Atomicity.** Every change is one commit of its rows, the author's count, the idempotency key and its event,
 * durable when the promise resolves. So counts always equal the rows, and a fact and its event are either both there
 * or both missing. A change that did nothing has no event.
 * **Idempotency.** Repeating a change, or deleting what is deleted, changes nothing, and the result says so.
 * **Order.** Lists are ordered by id, newest first. Every read reflects every change that resolved before it, through
 * any handle.
 * **Deletion.** The row stays, with its author, the time of the deletion and who deleted it; text, entities, images,
 * labels and earlier versions are overwritten in the same commit. A comment exists only as long as its tweet. That is
 * checked when it is read, so deleting a tweet hides a million comments at once; their texts are overwritten a bounded
 * number at a time.
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
 * `repeated`: the key came before with the same body, and `tweetId` is the tweet that was made then. `mismatch`: it
 * came with another body. Of two that race with one key, through any handles, one is inserted and the other repeated.
 */
export type Inserted = { outcome: 'inserted' | 'repeated'; tweetId: TweetId } | { outcome: 'mismatch' };

export interface Deletion {
  by: DeletedBy;
  /** Milliseconds since 1970. */
  now: number;
  traceId: string;
}

/** `absent`: this author never wrote such a tweet. */
export type Removed = 'removed' | 'already' | 'absent';

/** `no_tweet`: the tweet that it answers is gone or never existed. */
export type CommentInserted = 'inserted' | 'repeated' | 'no_tweet';

export interface Authorship {
  id: number;
  author: UserId;
  deleted: boolean;
}

export interface TweetsStore {
  /** Reports deleted tweets and comments, but not every comment that is deleted with its tweet. */
  readonly changes: ChangeSource;

  insertTweet(insert: TweetInsert): Promise<Inserted>;
  /** Deletes a tweet and hides its comments. Their texts are overwritten now or by `sweepComments`. */
  removeTweet(request: { tweetId: TweetId; author: UserId } & Deletion): Promise<Removed>;
  /** Again with the same id it changes nothing and returns `repeated`, even if the comment was deleted since. */
  insertComment(comment: TweetRecord<CommentId>): Promise<CommentInserted>;
  /**
   * Deletes comments, passing over tweets. An unknown id gets a tombstone, so that the removal wins over a write that
   * comes later. At most 1,000.
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
   * The live tweets and comments among these, in no order. Records are shared: never change one. At most 1,000.
   * Here and below, an id that is asked for twice may be answered twice.
   */
  get<Id extends TextId>(request: { ids: readonly Id[] }): Promise<TweetRecord<Id>[]>;
  /** Those that ever existed, deleted or not; a comment counts as deleted when its tweet is. At most 1,000. */
  authorsOf(request: { ids: readonly number[] }): Promise<Authorship[]>;
  /** Live tweets, newest first. */
  byAuthor(request: { author: UserId; before: TweetId | null; limit: number }): Promise<TweetId[]>;
  /** As {@link TailRequest}; each author at the cost of an index probe. At most 1,000 authors. */
  tails(request: TailRequest): Promise<TweetTail[]>;
  /** One per author, zeros included. At most 1,000. */
  counts(request: { authors: readonly UserId[] }): Promise<{ author: UserId; count: number }[]>;
  /**
   * Live tweets in id order. It looks at no more than `limit` records, including deleted ones and comments, so a page
   * may be shorter than `limit`. `next` is null at the end.
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

/** An open store: one handle. Several may be open on one backend; what one writes, all read. */
export interface OpenedTweetsStore extends TweetsStore {
  /** Topic `tweets`: every event of a commit of this store, appended in that commit. */
  readonly log: TopicLog;
  /** The highest ids and times given out so far, kept in every commit of this store. */
  readonly highWater: HighWater;
  /** Resolves when all writes through this handle are durable. It may not be used afterwards. */
  close(): Promise<void>;
}
