/**
 * The timeline service: home feeds that are ready before their readers ask, and the most popular tweets. A feed is a
 * pipeline: skeleton (ids), hydrate (one batched call per service), filter, page.
 */
import type { ActivityId, Snowflake, TweetId, UserId } from '#domain/ids.ts';
import type { Window } from '#domain/limits.ts';
import type { DegradableService } from '#domain/names.ts';
import type { ProfileBasic, TweetRecord, ViewerState } from '#domain/records.ts';

/**
 * A tweet with what is under it, as some reader is shown it. Most tweet views are one object for all readers: never to
 * be changed.
 */
export interface TweetView {
  tweet: TweetRecord;
  /** Counts are null and previews empty where engagement is down. */
  likeCount: number | null;
  commentCount: number | null;
  repostCount: number | null;
  likes: readonly { userId: UserId; time: number }[];
  comments: readonly { commentId: Snowflake; userId: UserId; content: string; time: number }[];
  /** The author, and everybody in the previews, each once. */
  users: readonly ProfileBasic[];
  /** Mentioned users whom the reader may not know of: erased, suspended, or blocked either way. */
  hiddenMentions: readonly UserId[];
}

/** A tweet in a list. */
export interface FeedItem {
  tweetView: TweetView;
  /** null: the viewer is not signed in, or engagement is down. */
  viewer: ViewerState | null;
  /** In a home: the followees who reposted it, newest first, and when the newest did (ms since 1970). */
  repostedBy: readonly ProfileBasic[];
  repostTime: number | null;
}

export interface FeedPage<Position> {
  items: FeedItem[];
  next: Position | null;
  /** Services that are down, so that their part is missing. */
  degraded: DegradableService[];
  /** Something could not be checked and was left out. */
  partial: boolean;
}

/** Where a pagination session of a home goes on. */
export interface HomePosition {
  /** Magnitude of the newest activity when the session began: what is above belongs to a new first page. */
  top: Snowflake;
  /** Activities below this come next. */
  below: Snowflake;
  /** When the session began (ms since 1970): a repost undone since then still counts as shown. */
  began: number;
}
export interface TopPosition {
  snapshot: string;
  /** Index of the next entry. */
  index: number;
}

/** A slice of the audience of a tweet or repost. */
export interface Delivery {
  activity: ActivityId;
  /** The user who posted or reposted. */
  actor: UserId;
  /** The tweet that was posted or reposted. */
  tweetId: TweetId;
  readers: Uint32Array;
}

/** Fan-out's progress: each partition's newest position through which **everything** was delivered or recorded. */
export interface FanoutProgress {
  /** Index: partition. */
  tweets: number[];
  reposts: number[];
  /** Fan-out starts at these positions; home timelines are dropped where it had not got exactly there before. */
  started: boolean;
}

export interface Timeline {
  /** Newest first, in full pages. Makes the home where it is not ready yet. `own`: with the reader's own tweets. */
  home(request: {
    reader: UserId;
    own: boolean;
    position: HomePosition | null;
    limit: number;
  }): Promise<FeedPage<HomePosition>>;
  /** The top K of all that the followees posted in the window, by likes, followers, newest. */
  homeTop(request: { reader: UserId; window: Window; k: number; own: boolean }): Promise<FeedPage<never>>;
  /** The most popular public tweets. Throws cursor_expired when the snapshot is gone. */
  top(request: {
    viewer: UserId | null;
    window: Window;
    position: TopPosition | null;
    limit: number;
  }): Promise<FeedPage<TopPosition>>;
  /** A user's tweets, newest first; none where the viewer may not read them. Throws not_found for an invisible user. */
  byAuthor(request: {
    author: UserId;
    viewer: UserId | null;
    before: TweetId | null;
    limit: number;
  }): Promise<FeedPage<TweetId>>;
  /** Those of the tweets that the viewer may read, each once, in the order asked for. At most 100. */
  some(request: { tweetIds: readonly TweetId[]; viewer: UserId | null }): Promise<FeedPage<never>>;
  /** One tweet. Throws not_found where it was deleted or is hidden. */
  tweet(request: { tweetId: TweetId; viewer: UserId | null }): Promise<FeedPage<never>>;
  /**
   * For notifications: tweets above `after` by followees who are not muted and were followed before the tweets were
   * posted. Newest first, at most `limit`, as far down as the home timeline reaches. The cost does not grow with the
   * number of followees. `partial`: no home timeline can be kept now, so there is no answer.
   */
  newTweetsSince(request: {
    reader: UserId;
    after: Snowflake;
    limit: number;
  }): Promise<{ activities: { tweetId: TweetId; actor: UserId }[]; partial: boolean }>;

  /** For fan-out workers: inserts activities into the home timelines of those readers who have one. Idempotent. */
  deliver(request: { deliveries: Delivery[] }): Promise<void>;
  /** For fan-out workers: records activities that are merged at reading; before their log position counts as done. */
  recordFanOutOnRead(request: { actor: UserId; activities: ActivityId[] }): Promise<void>;
  /** For fan-out workers: those of the readers who have a home timeline. */
  seenLately(request: { readers: Uint32Array }): Promise<Uint32Array>;
  /** For fan-out workers: merges the author's tail into a new follower's home timeline. Idempotent. */
  mergeFollows(request: { follows: { reader: UserId; author: UserId }[] }): Promise<void>;
  /** For fan-out workers: never ahead of what was delivered. No home timeline is kept before the first call. */
  progress(request: FanoutProgress): Promise<void>;
  /** For fan-out workers: how often homes are read, for choosing between push and pull. */
  readRate(): Promise<{ homes: number; readsPerHomeAndDay: number }>;
  /** Deletes a user's home and their activities that are fanned out on read: erasure. */
  forget(request: { user: UserId }): Promise<void>;
  /** Writes every home timeline to the Timeline DB; at shutdown. */
  flush(): Promise<void>;
}
