/**
 * The port of the engagement store: who liked, commented on and reposted which tweet, how often, and the events
 * that say so.
 *
 * **Atomicity.** Every change below is one commit of its rows, the tweet's counts and its events, durable when the
 * promise resolves. Counts therefore always equal the rows, and a change that did nothing has no event.
 * **Idempotency.** Doing what is done, or undoing what is not there, changes nothing and resolves to that.
 * **Order.** Lists go by the snowflake of the like, comment or repost, newest first. Every read reflects every
 * change that resolved before it, through whichever handle.
 * **Events.** `like.*`, `comment.*` and `repost.*` on topic `engagement`, keyed by the tweet's author; `repost.*`
 * also on topic `reposts`, keyed by who reposts. See `engagement-events.ts`.
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
 * A comment's way: its row, with the id and the idempotency key, is the fact (`pending`); once the text stands it is
 * `listed`, and only then counted and announced. A removed one is `deleting` until its text is gone too, then `deleted`.
 * A row whose text never came goes from `pending` to `deleting` unannounced.
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
  /** Tells of tweets whose likes, listed comments, kept reposts or counts are others. */
  readonly changes: ChangeSource;

  /** True: it is new; false: it stood already. */
  addLike(engagement: NewEngagement): Promise<boolean>;
  /** True: it stood; false: there was none. */
  removeLike(removal: EngagementRemoval): Promise<boolean>;
  addRepost(engagement: NewEngagement): Promise<boolean>;
  /** Marks it as undone; the row is kept until `pruneUndone`, and reposting again makes another with its own id. */
  removeRepost(removal: EngagementRemoval): Promise<boolean>;

  /**
   * Makes a pending comment, with its idempotency key. Where the actor used that key since `keysSince`, nothing is
   * made and the answer is what the key stands for.
   */
  beginComment(comment: NewComment): Promise<KeyedComment>;
  /** What an actor's idempotency key, used since `since` (ms), stands for. */
  commentByKey(request: { actor: UserId; key: string; since: number }): Promise<KeyedComment | undefined>;
  /** From pending to listed: counted and announced. True where it is listed now, by this call or before. */
  listComment(request: { commentId: CommentId; traceId: string }): Promise<boolean>;
  /** From pending to deleting, and forgets the idempotency key; passes over any other state. */
  abandonComment(request: { commentId: CommentId; time: number }): Promise<void>;
  /** From listed to deleting: no longer counted, and announced. True: it was listed. */
  removeComment(request: { commentId: CommentId; time: number; traceId: string }): Promise<boolean>;
  /** From deleting to deleted, for those that are deleting. At most 1,000. */
  completeDeletions(request: { commentIds: CommentId[]; time: number }): Promise<void>;
  comment(request: { commentId: CommentId }): Promise<StoredComment | undefined>;
  /** Comments that have been pending or deleting since before `before` (ms), those that wait longest first. */
  unfinishedComments(request: { before: number; limit: number }): Promise<StoredComment[]>;

  /** One per id asked for, zeros where nothing happened, in no order. Previews: newest 8. At most 1,000. */
  summaries(request: { viewer: UserId | null; tweetIds: TweetId[] }): Promise<Summary[]>;
  /** Which of these tweets somebody likes and has reposted now. At most 1,000. */
  viewerState(request: {
    viewer: UserId;
    tweetIds: TweetId[];
  }): Promise<Record<keyof ViewerState, TweetId[]>>;
  /** Those above zero. At most 1,000. */
  likeCounts(request: { tweetIds: TweetId[] }): Promise<{ tweetId: TweetId; likes: number }[]>;
  likes(request: ListRead): Promise<LikeRow[]>;
  /** Listed ones. */
  comments(request: ListRead): Promise<CommentRow[]>;
  /** Active ones. */
  reposts(request: ListRead): Promise<RepostRow[]>;
  /** As `reposts`, those undone and not yet pruned too. */
  keptReposts(request: ListRead): Promise<RepostActivity[]>;

  /** Active reposts of many actors, newest first; actors without any are left out. At most 5,000 actors. */
  repostTails(request: RepostTailsRead): Promise<RepostTail[]>;
  /** Active ones. At most 1,000. */
  repostsById(request: { repostIds: RepostId[] }): Promise<RepostRow[]>;
  /** As `Engagement.repostsBy`. */
  repostsBy(request: RepostsByRead): Promise<RepostActivity[]>;
  /** Which of these likes, listed comments and reposts stand. At most 1,000. */
  active(request: { ids: Snowflake[] }): Promise<Snowflake[]>;
  /** Everything that stands, in the order of the items' own ids, ids above `after`. */
  scan(request: { after: Snowflake; limit: number }): Promise<EngagementRecord[]>;

  /**
   * Takes back at most `limit` of somebody's likes, comments (pending ones too) and reposts, as undoing would, and
   * forgets idempotency keys. `done`: nothing was left.
   */
  eraseActor(request: {
    actor: UserId;
    limit: number;
    time: number;
    traceId: string;
  }): Promise<{ done: boolean }>;
  /**
   * Drops at most `limit` rows of a tweet that is gone, without events: the tweet's own said it all. Its comments
   * come to their end, the likes and reposts are forgotten. `done`: nothing was left.
   */
  pruneTweet(request: { tweetId: TweetId; limit: number; time: number }): Promise<{ done: boolean }>;
  /** Tweets with anything kept, in id order, ids above `after`. */
  tweetIds(request: { after: TweetId; limit: number }): Promise<TweetId[]>;
  /** Forgets at most `limit` reposts undone before `before` (ms). True: there may be more. */
  pruneUndone(request: { before: number; limit: number }): Promise<boolean>;
  /** Forgets at most `limit` idempotency keys first used before `before` (ms). True: there may be more. */
  pruneKeys(request: { before: number; limit: number }): Promise<boolean>;
}

/** What opening the store gives: one handle. Several may be open on one backend, and what one writes, all read. */
export interface OpenedEngagementStore extends EngagementStore {
  /** Topics `engagement` and `reposts`: every event that a commit of this store made, appended in that very commit. */
  readonly log: TopicLog;
  /** How far ids and times had come, kept in every commit of this store. */
  readonly highWater: HighWater;
  /** Resolves when what was asked for is durable; nothing may be asked of this handle afterwards. */
  close(): Promise<void>;
}
