/**
 * The port of the engagement store: who liked, commented on and reposted which tweet, how often, and the events
 * that say so.
 *
 * **Atomicity.** Every change below is one commit of its rows, the tweet's counts and its events, durable when the
 * promise resolves. Counts therefore always equal the rows, and a change that did nothing has no event.
 * **Idempotency.** Repeating a change, or undoing one that was never made, changes nothing, and the result says so.
 * **Order.** Lists are ordered by the snowflake of the like, comment or repost, newest first. Every read reflects every
 * change that resolved before it, through any handle.
 * **Events.** `like.*`, `comment.*` and `repost.*` on topic `engagement`, keyed by the tweet's author; `repost.*`
 * also on topic `reposts`, keyed by the user who reposts. See `engagement-events.ts`.
 */
import type { CommentId, LikeId, RepostId, Snowflake, TweetId, UserId } from '#domain/ids.ts';
import type { CommentRow, LikeRow, RepostRow, ViewerState } from '#domain/records.ts';
import type { ChangeSource } from '#platform/change-source.ts';
import type { HighWater } from '#platform/ids/high-water.ts';
import type { TopicLog } from '#queue/log.ts';
import type { Idempotency } from '#tweets/tweets.ts';
import type {
  EngagementRecord,
  EngagementRequest,
  RepostActivity,
  RepostTail,
  Summary,
} from './engagement.ts';

/**
 * A like, comment or repost to be made; the method that takes it says which. `author` is kept with the row, so that a
 * removal needs no other service.
 */
export interface NewEngagement extends Omit<EngagementRecord, 'kind'> {
  /** Freshly minted. Kept only where the engagement is new. */
  id: LikeId | CommentId | RepostId;
  traceId: string;
}

/** A like or repost to be removed. */
export interface EngagementRemoval extends EngagementRequest {
  /** Milliseconds since 1970. */
  time: number;
}

/**
 * The states of a comment. Its row, with the id and the idempotency key, is written first (`pending`). Once its text is
 * written the comment is `listed`, and only then counted and announced. A removed comment is `deleting` until its text
 * is gone too, then `deleted`. A row whose text was never written goes from `pending` to `deleting` unannounced.
 */
export type CommentState = 'pending' | 'listed' | 'deleting' | 'deleted';

export interface StoredComment extends CommentRow {
  /** Who wrote the tweet. */
  author: UserId;
  state: CommentState;
}

export interface NewComment extends NewEngagement {
  id: CommentId;
  idempotency: Idempotency | null;
  /** Idempotency keys first used before this moment (ms) are forgotten. */
  keysSince: number;
}

/** What an idempotency key stands for. */
export interface KeyedComment {
  commentId: CommentId;
  tweetId: TweetId;
  bodyHash: string;
  state: CommentState;
}

export interface ListRead {
  tweetId: TweetId;
  /** Rows with an id below this; null: from the newest. */
  before: Snowflake | null;
  limit: number;
}

export interface RepostTailsRead {
  actors: UserId[];
  before: Snowflake | null;
  atLeast: Snowflake;
  /** Only what was committed after this position of the actor's partition of topic `reposts`; index: partition. */
  afterPositions: number[] | null;
  limit: number;
}

export interface RepostsByRead {
  tweetIds: TweetId[];
  actors: UserId[];
  through: Snowflake;
  undoneAfter: number | null;
}

export interface EngagementStore {
  /** Reports the tweets whose likes, listed comments, kept reposts or counts have changed. */
  readonly changes: ChangeSource;

  /** True: it is new; false: it was there already. */
  addLike(engagement: NewEngagement): Promise<boolean>;
  /** True: it was there; false: there was none. */
  removeLike(removal: EngagementRemoval): Promise<boolean>;
  addRepost(engagement: NewEngagement): Promise<boolean>;
  /** Marks it as undone. The row is kept until `pruneUndone`; reposting again makes another, with its own id. */
  removeRepost(removal: EngagementRemoval): Promise<boolean>;

  /**
   * Makes a pending comment, with its idempotency key. If the actor has used that key since `keysSince`, nothing is
   * made, and the result is the comment that the key stands for.
   */
  beginComment(comment: NewComment): Promise<KeyedComment>;
  /** What an actor's idempotency key, used since `since` (ms), stands for. */
  commentByKey(request: { actor: UserId; key: string; since: number }): Promise<KeyedComment | undefined>;
  /** From pending to listed: counted and announced. True if it is listed now, by this call or an earlier one. */
  listComment(request: { commentId: CommentId; traceId: string }): Promise<boolean>;
  /** From pending to deleting, and forgets the idempotency key. In any other state it changes nothing. */
  abandonComment(request: { commentId: CommentId; time: number }): Promise<void>;
  /** From listed to deleting: no longer counted, and announced. True: it was listed. */
  removeComment(request: { commentId: CommentId; time: number; traceId: string }): Promise<boolean>;
  /** From deleting to deleted; comments in other states stay as they are. At most 1,000. */
  completeDeletions(request: { commentIds: CommentId[]; time: number }): Promise<void>;
  comment(request: { commentId: CommentId }): Promise<StoredComment | undefined>;
  /** Comments that have been pending or deleting since before `before` (ms), the longest waiting first. */
  unfinishedComments(request: { before: number; limit: number }): Promise<StoredComment[]>;

  /** One per id asked for, zeros where nothing happened, in no order. Previews: newest 8. At most 1,000. */
  summaries(request: { viewer: UserId | null; tweetIds: TweetId[] }): Promise<Summary[]>;
  /** Which of these tweets the viewer likes now, and which the viewer has reposted. At most 1,000. */
  viewerState(request: {
    viewer: UserId;
    tweetIds: TweetId[];
  }): Promise<Record<keyof ViewerState, TweetId[]>>;
  /** Only counts above zero. At most 1,000. */
  likeCounts(request: { tweetIds: TweetId[] }): Promise<{ tweetId: TweetId; likes: number }[]>;
  likes(request: ListRead): Promise<LikeRow[]>;
  /** Listed comments. */
  comments(request: ListRead): Promise<CommentRow[]>;
  /** Active reposts. */
  reposts(request: ListRead): Promise<RepostRow[]>;
  /** As `reposts`, with those that were undone and not yet pruned. */
  keptReposts(request: ListRead): Promise<RepostActivity[]>;

  /** Active reposts of many actors, newest first; actors without any are left out. At most 5,000 actors. */
  repostTails(request: RepostTailsRead): Promise<RepostTail[]>;
  /** Active reposts. At most 1,000. */
  repostsById(request: { repostIds: RepostId[] }): Promise<RepostRow[]>;
  /** As `Engagement.repostsBy`. */
  repostsBy(request: RepostsByRead): Promise<RepostActivity[]>;
  /** Which of these ids are active likes, listed comments or active reposts. At most 1,000. */
  active(request: { ids: Snowflake[] }): Promise<Snowflake[]>;
  /** All active likes, listed comments and active reposts with ids above `after`, in the order of their ids. */
  scan(request: { after: Snowflake; limit: number }): Promise<EngagementRecord[]>;

  /**
   * Removes at most `limit` of a user's likes, comments (pending ones too) and reposts, as the user would, and forgets
   * the user's idempotency keys. `done`: nothing was left.
   */
  eraseActor(request: {
    actor: UserId;
    limit: number;
    time: number;
    traceId: string;
  }): Promise<{ done: boolean }>;
  /**
   * Drops at most `limit` rows of a deleted tweet. There are no events, because `tweet.deleted` covers them. The
   * tweet's comments become `deleting`; its likes and reposts are forgotten. `done`: nothing was left.
   */
  pruneTweet(request: { tweetId: TweetId; limit: number; time: number }): Promise<{ done: boolean }>;
  /** Tweets for which any row is kept, with ids above `after`, in id order. */
  tweetIds(request: { after: TweetId; limit: number }): Promise<TweetId[]>;
  /** Forgets at most `limit` reposts undone before `before` (ms). True: there may be more. */
  pruneUndone(request: { before: number; limit: number }): Promise<boolean>;
  /** Forgets at most `limit` idempotency keys first used before `before` (ms). True: there may be more. */
  pruneKeys(request: { before: number; limit: number }): Promise<boolean>;
}

/** An open store: one handle. Several may be open on one backend; what one writes, all read. */
export interface OpenedEngagementStore extends EngagementStore {
  /** Topics `engagement` and `reposts`: every event of a commit of this store, appended in that commit. */
  readonly log: TopicLog;
  /** The highest ids and times given out so far, kept in every commit of this store. */
  readonly highWater: HighWater;
  /** Resolves when all writes through this handle are durable. It may not be used afterwards. */
  close(): Promise<void>;
}
