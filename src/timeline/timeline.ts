/**
 * The timeline service: home feeds that are ready before their readers ask, and the most popular tweets. Feeds are
 * a pipeline: skeleton (ids), hydrate (one batched call per service), filter, page.
 */
import type { ActivityId, Snowflake, TweetId, UserId } from '#domain/ids.ts';
import type { Window } from '#domain/limits.ts';
import type { DegradableService } from '#domain/names.ts';
import type { ProfileBasic, TweetRecord, ViewerState } from '#domain/records.ts';

/**
 * A tweet with what is under it, as some reader is shown it. Most tweet views are one object for all readers: never to be
 * changed.
 */
export interface TweetView {
  tweet: TweetRecord;
  /** Counts null, previews empty: engagement is down. */
  likeCount: number | null;
  commentCount: number | null;
  repostCount: number | null;
  likes: readonly { userId: UserId; time: number }[];
  comments: readonly { commentId: Snowflake; userId: UserId; content: string; time: number }[];
  /** The author, and everybody in the previews, each once. */
  users: readonly ProfileBasic[];
  /** Of those whom the text mentions, whom the reader may not know of: erased, suspended, or blocked either way. */
  hiddenMentions: readonly UserId[];
}

/** A tweet's position in a list. */
export interface FeedItem {
  tweetView: TweetView;
  /** null: nobody is signed in, or engagement is down. */
  viewer: ViewerState | null;
  /** In a home: who reposted it among those the reader follows, newest first, and when (ms). */
  repostedBy: readonly ProfileBasic[];
  repostTime: number | null;
}

export interface FeedPage<Position> {
  items: FeedItem[];
  next: Position | null;
  /** Services whose part is missing because they are down. */
  degraded: DegradableService[];
  /** Something could not be checked and was left out. */
  partial: boolean;
}

/** Where a pagination session of a home stands. */
export interface HomePosition {
  /** The newest activity (its magnitude) when the session began: what is above belongs to a fresh first page. */
  top: Snowflake;
  /** Activities below this come next. */
  below: Snowflake;
  /** When the session began (ms): a repost undone since still counts as shown. */
  began: number;
}
export interface TopPosition {
  snapshot: string;
  /** Index of the next entry. */
  index: number;
}

/** Slices of one tweet's or repost's audience; several activities may travel together. */
export interface Delivery {
  activity: ActivityId;
  /** Who acted: the author, or who reposted. */
  actor: UserId;
  /** The tweet posted or reposted. */
  tweetId: TweetId;
  readers: Uint32Array;
}

/** How far fan-out has got: every partition's newest position through which **everything** was delivered or recorded. */
export interface FanoutProgress {
  /** Index: partition. */
  tweets: number[];
  reposts: number[];
  /** Fan-out has just started here and knows nothing of what came before: home timelines with another progress are dropped. */
  started: boolean;
}

export interface Timeline {
  /** Creates the home where it is not ready yet. `own`: with one's own tweets. Newest first, full pages. */
  home(request: {
    reader: UserId;
    own: boolean;
    position: HomePosition | null;
    limit: number;
  }): Promise<FeedPage<HomePosition>>;
  /** The top K of all that the followed users posted in the window: likes, followers, newest. */
  homeTop(request: { reader: UserId; window: Window; k: number; own: boolean }): Promise<FeedPage<never>>;
  /** The most popular public tweets. Throws cursor_expired when the snapshot is gone. */
  top(request: {
    viewer: UserId | null;
    window: Window;
    position: TopPosition | null;
    limit: number;
  }): Promise<FeedPage<TopPosition>>;
  /** One user's own tweets, newest first. Throws not_found where the viewer may not know the user; empty where protected. */
  byAuthor(request: {
    author: UserId;
    viewer: UserId | null;
    before: TweetId | null;
    limit: number;
  }): Promise<FeedPage<TweetId>>;
  /** Those of these tweets that the viewer may read, in the order asked for; each once. At most 100. */
  some(request: { tweetIds: readonly TweetId[]; viewer: UserId | null }): Promise<FeedPage<never>>;
  /** One tweet. Throws not_found where it is gone or hidden. */
  tweet(request: { tweetId: TweetId; viewer: UserId | null }): Promise<FeedPage<never>>;
  /**
   * Tweets above `after` by users whom the reader follows, did not mute, and followed already when they were posted;
   * newest first, at most `limit`, as far down as the reader's home is held in memory: for notifications. The cost
   * does not grow with how many users the reader follows. `partial`: no home can be held now, so nothing is said.
   */
  newTweetsSince(request: {
    reader: UserId;
    after: Snowflake;
    limit: number;
  }): Promise<{ activities: { tweetId: TweetId; actor: UserId }[]; partial: boolean }>;

  /** For fan-out workers: puts activities into the home timelines of those readers who have one. Idempotent. */
  deliver(request: { deliveries: Delivery[] }): Promise<void>;
  /** For fan-out workers: these activities are merged at reading instead; recorded before the log's position moves on. */
  recordFanOutOnRead(request: { actor: UserId; activities: ActivityId[] }): Promise<void>;
  /** For fan-out workers: which readers have a home that deliveries go to. */
  seenLately(request: { readers: Uint32Array }): Promise<Uint32Array>;
  /** For fan-out workers: a follow became visible in the log: the author's newest go to the follower's home timeline. Idempotent. */
  mergeFollows(request: { follows: { reader: UserId; author: UserId }[] }): Promise<void>;
  /** For fan-out workers: no home timeline is kept before the first call; never ahead of what was delivered. */
  progress(request: FanoutProgress): Promise<void>;
  /** For fan-out workers: how often homes are read, for choosing between push and pull. */
  readRate(): Promise<{ homes: number; readsPerHomeAndDay: number }>;
  /** Forgets somebody's home and what of theirs is merged at reading: erasure. */
  forget(request: { user: UserId }): Promise<void>;
  /** Writes every home timeline to the Timeline DB; at shutdown. */
  flush(): Promise<void>;
}
