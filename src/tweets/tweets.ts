/**
 * The tweets service: tweets and the texts of comments, in a relational database, and the events of their changes.
 * It knows nothing of follows, blocks or protection: who may read what is decided above it.
 */
import type { CommentId, Snowflake, TextId, TweetId, UserId } from '#domain/ids.ts';
import type { DeletedBy } from '#domain/names.ts';
import type { Entities, TweetImage, TweetRecord } from '#domain/records.ts';

export interface NewTweet {
  author: UserId;
  /** As the client sent it; normalised and checked here by the rule in `domain/text.ts`. */
  content: string;
  images: TweetImage[];
  appId: string | null;
  idempotency: Idempotency | null;
  traceId: string;
}

/** An idempotency key and a hash of the body it came with. Kept 24 h per user and route. */
export interface Idempotency {
  key: string;
  bodyHash: string;
}

/** A text that was accepted: normalised, with its entities; each mention says who had the handle at that time. */
export interface ParsedText {
  content: string;
  entities: Entities;
}

export interface NewComment extends ParsedText {
  commentId: CommentId;
  author: UserId;
  tweetId: TweetId;
}

/** One author's newest tweets, for building homes. */
export interface TweetTail {
  author: UserId;
  /** Newest first. */
  ids: TweetId[];
  /** There are more than these, left out because of `limit`. */
  truncated: boolean;
}

export interface TailRequest {
  authors: UserId[];
  /** Only ids below this. */
  before: Snowflake | null;
  /** Only ids at or above this. */
  atLeast: Snowflake;
  /** Only what was committed after this position of the author's partition of topic `tweets`; index: partition. */
  afterPositions: number[] | null;
  /** Per author. */
  limit: number;
}

export interface Tweets {
  /**
   * Posts a tweet, which is durable, with its event, when the promise resolves. `time` is the moment in the id (ms).
   * The same idempotency key and body give the first answer again. Throws invalid_text, idempotency_mismatch,
   * unavailable.
   */
  post(tweet: NewTweet): Promise<{ tweetId: TweetId; time: number }>;
  /**
   * Deletes a tweet of `author`, and the comments on it, for everybody at once. Deleting it again succeeds. Throws
   * not_found if it never existed or another user wrote it (the caller tells 403 from 404).
   */
  remove(request: { tweetId: TweetId; author: UserId; by: DeletedBy; traceId: string }): Promise<void>;
  /**
   * The live tweets and comments with these ids, in no order. Deleted and unknown ones are left out; a comment counts
   * as deleted when its tweet is. Records are shared and frozen. At most 1,000.
   */
  get<Id extends TextId>(request: { ids: Id[] }): Promise<TweetRecord<Id>[]>;
  /** Who wrote these, deleted or not. Unknown ids are left out. For 403 or 404, and for repeated DELETE. */
  authorsOf(request: { ids: number[] }): Promise<{ id: number; author: UserId; deleted: boolean }[]>;
  /** An author's live tweets (no comments), newest first, ids below `before`. */
  byAuthor(request: { author: UserId; before: TweetId | null; limit: number }): Promise<{ ids: TweetId[] }>;
  /** The newest live tweets of many authors, one tail each; authors without any are left out. At most 1,000 authors. */
  tails(request: TailRequest): Promise<TweetTail[]>;
  /** How many live tweets (no comments) each author has, zeros included. At most 1,000. */
  counts(request: { authors: UserId[] }): Promise<{ author: UserId; count: number }[]>;
  /**
   * All live tweets in id order, for rebuilding views. `after`: 0 at first, then `next`, which is null at the end.
   * Pages before the end may be shorter than `limit`, even empty.
   */
  scan(request: {
    after: TweetId;
    limit: number;
  }): Promise<{ tweets: { id: TweetId; author: UserId }[]; next: TweetId | null }>;
  /** Checks and parses a comment's text as the client sent it, before its row is made. Throws invalid_text. */
  parseText(request: { content: string }): Promise<ParsedText>;
  /**
   * Writes a comment's text as `parseText` returned it, durable when the promise resolves. Again with the same
   * commentId it changes nothing. Throws not_found if the tweet is gone.
   */
  writeComment(comment: NewComment): Promise<void>;
  /**
   * Deletes the texts of comments. Texts that are gone already are passed over, and texts not yet written can never be
   * written. At most 1,000.
   */
  removeComments(request: { commentIds: CommentId[]; by: DeletedBy }): Promise<void>;
  /**
   * Erases some of what an author wrote (text, entities, images and old versions are overwritten, events sent).
   * Call until `done`. Returns the media names that those tweets used; none of them is used any more once it is done.
   */
  eraseAuthor(request: {
    author: UserId;
    limit: number;
    traceId: string;
  }): Promise<{ done: boolean; media: string[] }>;
}
