/**
 * Where the popularity of tweets is kept: a view with one row per live tweet (author, likes) and one per author
 * (public followers, listed or not). An author's rows are all in the author's partition. Reads show the generation
 * that serves; between two reads it may change. Every call is one atomic read of what was committed.
 */
import type { TweetId, UserId } from '#domain/ids.ts';
import type { Window } from '#domain/limits.ts';
import type { ViewStore } from '#queue/view.ts';
import type { TopKey } from './ranking.ts';

export interface RankRow {
  tweetId: TweetId;
  author: UserId;
  likes: number;
}

export interface AuthorFacts {
  author: UserId;
  /** Public ones only. */
  followers: number;
  /** Active and not protected: the tweets may stand in global lists. */
  listed: boolean;
}

/** What a fold changes. Each entry is the whole of what is true, so applying it again changes nothing. */
export interface TopPatch {
  /** Live tweets. */
  ranks: RankRow[];
  /** Deleted ones, or ones that never were. */
  gone: { tweetId: TweetId; author: UserId }[];
  authors: AuthorFacts[];
}

/** A position in an author's list, best first: likes, then newest. */
export interface AuthorTopPosition {
  likes: number;
  tweetId: TweetId;
}

export interface AuthorTopsRequest {
  /** At most 1,000. `below`: go on below this position; null: from the best. */
  authors: { author: UserId; below: AuthorTopPosition | null }[];
  /** Only ids at or above this: the window's start. 0: all. */
  atLeast: TweetId;
  /** Only tweets with as many likes. */
  atLeastLikes: number;
  /** Per author, at most 10,000. */
  limit: number;
}

/** One author's best tweets; `likes[i]` belongs to `tweetIds[i]`. Best first: likes, then newest. */
export interface AuthorTop {
  author: UserId;
  /** 0 where the author is not known yet. */
  followers: number;
  tweetIds: TweetId[];
  likes: number[];
  /** There may be more than `limit` let through. */
  truncated: boolean;
}

/** What led one window when it was kept, so that a process that starts need not read every row again. */
export interface KeptTop {
  window: Window;
  tweets: { tweetId: TweetId; author: UserId }[];
  /** Every listed tweet of the window at or above it is among `tweets`; null: every one is. */
  floor: TopKey | null;
  /** Where the window began then. */
  windowStart: TweetId;
  /** That is true of the rows as they are now. */
  isCurrent: boolean;
}

export interface TopListsStore {
  view: ViewStore<TopPatch>;
  /** Replaces what was kept. `isCurrent`: nothing was committed to the view that `tops` do not reflect. */
  keepTops(request: { tops: KeptTop[] }): Promise<void>;
  /** What was kept last; none where there is nothing. */
  keptTops(): Promise<KeptTop[]>;
  /** One partition's tweets, most likes first, newest first among equals, below a position. At most 10,000. */
  byLikes(request: { partition: number; below: AuthorTopPosition | null; limit: number }): Promise<RankRow[]>;
  /** One partition's tweets in id order, `from` included. At most 10,000. */
  byTime(request: { partition: number; from: TweetId; limit: number }): Promise<RankRow[]>;
  /** The rows of these tweets; those without one are left out. In no order. At most 1,000. */
  rows(request: { tweets: { author: UserId; tweetId: TweetId }[] }): Promise<RankRow[]>;
  /** What is known of these authors; unknown ones are left out. In no order. At most 10,000. */
  facts(request: { authors: UserId[] }): Promise<AuthorFacts[]>;
  /** One per author asked for, in that order; empty ones too. */
  authorTops(request: AuthorTopsRequest): Promise<AuthorTop[]>;
}

/** What opening the store gives: one handle. Several may be open on one backend, and what one writes, all read. */
export interface OpenedTopListsStore extends TopListsStore {
  /** Resolves when what was asked for is committed; nothing may be asked of this handle afterwards. */
  close(): Promise<void>;
}
