/**
 * The engagement service: who liked, commented on and reposted which tweet, exactly. It asks the tweets service whether
 * a tweet is live and the social service who may see whom, and depends on nothing else.
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

/** A tweet's engagement. Counts are exact and the same for everyone. Previews are the newest 8, not filtered. */
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

/** A repost for homes. Undone ones are kept for a while, so that a pagination session in progress repeats nothing. */
export interface RepostActivity extends RepostRow {
  /** When it was undone (ms since 1970); null while it is active. */
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
  /** Who liked, commented or reposted; of a removal too, even if another user made it. */
  actor: UserId;
}

export interface Engagement {
  /** Throws not_found if the tweet is gone or the actor may not read it. Liking again succeeds. */
  like(request: EngagementRequest): Promise<void>;
  /** Succeeds for any well-formed id, whether or not there was a like. */
  unlike(request: EngagementRequest): Promise<void>;
  /** Throws not_found, invalid_text, idempotency_mismatch. Row and text both durable when it resolves. */
  comment(request: NewEngagementComment): Promise<{ commentId: CommentId; time: number }>;
  /**
   * For the author of the comment or of the tweet. Throws forbidden for another user's comment that the actor can see,
   * not_found for one that is absent, hidden or on another tweet. Removing a comment again succeeds. `by`: who had it
   * removed in the actor's name; `author` by default.
   */
  removeComment(request: EngagementRequest & { commentId: CommentId; by?: DeletedBy }): Promise<void>;
  /** Throws not_found, forbidden (a protected tweet). Reposting again succeeds. */
  repost(request: EngagementRequest): Promise<void>;
  unrepost(request: EngagementRequest): Promise<void>;

  /** One per id asked for, zeros where nothing happened, in no order. The one batched call of a page. At most 1,000. */
  summaries(request: { viewer: UserId | null; tweetIds: TweetId[] }): Promise<Summary[]>;
  /**
   * For tweets with previews that the viewer may not see: of each, the newest 3 likes or comments that the viewer is
   * shown, newest first, among the newest 200. At most 1,000 tweets in each list.
   */
  visiblePreviews(request: {
    viewer: UserId | null;
    likesOf: TweetId[];
    commentsOf: TweetId[];
  }): Promise<{ likes: LikeRow[]; comments: CommentRow[] }>;
  /** Which of these tweets the viewer likes, and which the viewer has reposted. At most 1,000. */
  viewerState(request: {
    viewer: UserId;
    tweetIds: TweetId[];
  }): Promise<Record<keyof ViewerState, TweetId[]>>;
  /** Like counts alone. At most 1,000. */
  likeCounts(request: { tweetIds: TweetId[] }): Promise<{ tweetId: TweetId; likes: number }[]>;
  /** Newest first, in full pages, without users who are hidden from the viewer. Throws not_found as `like`. */
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
  /** Internal: the active reposts among these ids. At most 1,000. */
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
  /** Internal, for notifications: which of these likes, comments and reposts are still active. At most 1,000. */
  active(request: { ids: Snowflake[] }): Promise<{ ids: Snowflake[] }>;
  /** Internal, for rebuilding views: all that is active, in the order of its ids. `after`: 0, then `next`. */
  scan(request: {
    after: Snowflake;
    limit: number;
  }): Promise<{ engagements: EngagementRecord[]; next: Snowflake | null }>;
  /** Removes some of a user's likes, comments and reposts. Call until `done`. */
  eraseActor(request: { actor: UserId; limit: number; traceId: string }): Promise<{ done: boolean }>;
}
