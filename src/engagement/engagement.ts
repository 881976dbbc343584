/**
 * The engagement service: who liked, commented on and reposted which tweet, exactly. It asks tweets whether a tweet
 * stands and social who may see whom; nothing else.
 */
import type { CommentId, RepostId, Snowflake, TweetId, UserId } from '#domain/ids.ts';
import type { DeletedBy, EngagementKind } from '#domain/names.ts';
import type { CommentRow, LikeRow, Page, RepostRow, ViewerState } from '#domain/records.ts';
import type { Idempotency } from '#tweets/tweets.ts';

export interface EngagementRequest {
  actor: UserId;
  tweetId: TweetId;
  traceId: string;
}

export interface NewEngagementComment extends EngagementRequest {
  content: string;
  idempotency: Idempotency | null;
}

/** What a tweet's readers did with it. Counts are exact and the same for everyone; previews are raw: newest 8, unfiltered. */
export interface Summary {
  tweetId: TweetId;
  likeCount: number;
  commentCount: number;
  repostCount: number;
  likes: LikeRow[];
  comments: CommentRow[];
  /** null for a reader without a token. */
  viewer: ViewerState | null;
}

export interface EngagementList {
  tweetId: TweetId;
  viewer: UserId | null;
  before: Snowflake | null;
  limit: number;
}

/** A repost as homes need it: undone ones are kept for a while so that a pagination session in progress repeats nothing. */
export interface RepostActivity extends RepostRow {
  /** When it was undone (ms since 1970), null while it stands. */
  undoneAt: number | null;
}

export interface RepostTail {
  actor: UserId;
  /** Newest first, active ones only. */
  reposts: { id: RepostId; tweetId: TweetId }[];
  truncated: boolean;
}

/** One like, comment or repost, from its row to its event and the notification of it. */
export interface EngagementRecord {
  kind: EngagementKind;
  /** The like's, comment's or repost's own. */
  id: Snowflake;
  tweetId: TweetId;
  /** Who wrote the tweet. */
  author: UserId;
  /** Who liked, commented or reposted, whoever removed it. */
  actor: UserId;
}

export interface Engagement {
  /** Throws not_found where the actor may not read the tweet or it is gone. Again: a success. */
  like(request: EngagementRequest): Promise<void>;
  /** Undoing what is not there is a success, for any well-formed id. */
  unlike(request: EngagementRequest): Promise<void>;
  /** Throws not_found, invalid_text, idempotency_mismatch. Row and text both durable when it resolves. */
  comment(request: NewEngagementComment): Promise<{ commentId: CommentId; time: number }>;
  /**
   * By the comment's author or the tweet's. Another's visible one: forbidden; absent, hidden or of another tweet:
   * not_found; one's own again: a success. `by`: who had it removed in the actor's name; `author` where it is left out.
   */
  removeComment(request: EngagementRequest & { commentId: CommentId; by?: DeletedBy }): Promise<void>;
  /** Throws not_found, forbidden (a protected tweet). Again: a success. */
  repost(request: EngagementRequest): Promise<void>;
  unrepost(request: EngagementRequest): Promise<void>;

  /** One per id asked for, zeros where nothing happened, in no order. The one batched call of a page. At most 1,000. */
  summaries(request: { viewer: UserId | null; tweetIds: TweetId[] }): Promise<Summary[]>;
  /**
   * For tweets whose previews in a summary are hidden from the viewer: the newest 3 likes and comments of each that
   * the viewer is shown, newest first, among the newest 200. At most 1,000 tweets in each list.
   */
  visiblePreviews(request: {
    viewer: UserId | null;
    likesOf: TweetId[];
    commentsOf: TweetId[];
  }): Promise<{ likes: LikeRow[]; comments: CommentRow[] }>;
  /** Which of these tweets somebody likes, and has reposted. At most 1,000. */
  viewerState(request: {
    viewer: UserId;
    tweetIds: TweetId[];
  }): Promise<Record<keyof ViewerState, TweetId[]>>;
  /** Like counts alone. At most 1,000. */
  likeCounts(request: { tweetIds: TweetId[] }): Promise<{ tweetId: TweetId; likes: number }[]>;
  /** Newest first, users hidden from the viewer left out, pages full. Throws not_found as `like`. */
  likes(request: EngagementList): Promise<Page<LikeRow>>;
  comments(request: EngagementList): Promise<Page<CommentRow>>;
  reposts(request: EngagementList): Promise<Page<RepostRow>>;

  /** Internal, for homes: newest active reposts of many actors; as `Tweets.tails`, on topic `reposts`. */
  repostTails(request: {
    actors: UserId[];
    before: Snowflake | null;
    atLeast: Snowflake;
    afterPositions: number[] | null;
    limit: number;
  }): Promise<RepostTail[]>;
  /** Internal: active reposts by their ids; undone ones are left out. At most 1,000. */
  repostsById(request: { repostIds: RepostId[] }): Promise<RepostRow[]>;
  /**
   * Internal: all reposts of these tweets by these users, ids through `through`, active ones and those undone
   * after `undoneAfter` (ms; null: active only). Newest first. At most 1,000 tweets and 5,000 users.
   */
  repostsBy(request: {
    tweetIds: TweetId[];
    actors: UserId[];
    through: Snowflake;
    undoneAfter: number | null;
  }): Promise<RepostActivity[]>;
  /** Internal: which of these likes, comments and reposts still stand, for notifications. At most 1,000. */
  active(request: { ids: Snowflake[] }): Promise<{ ids: Snowflake[] }>;
  /** Internal: everything that stands, by the items' own ids, for rebuilding views. `after`: 0, then `next`. */
  scan(request: {
    after: Snowflake;
    limit: number;
  }): Promise<{ engagements: EngagementRecord[]; next: Snowflake | null }>;
  /** Undoes some of what somebody did. Call until `done`. */
  eraseActor(request: { actor: UserId; limit: number; traceId: string }): Promise<{ done: boolean }>;
}
