/**
 * Stores the popularity of tweets: a view with a row per live tweet (author, likes) and a row per author (public
 * followers, listed or not). An author's rows are all in the author's partition. Reads show the live generation, which
 * may change between two reads. Every call is one atomic read of committed data.
 */
import type { TweetId, UserId } from '#domain/ids.ts';
import type { Window } from '#domain/limits.ts';
import type { ChangeSource } from '#platform/change-source.ts';
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
  /** Active and not protected: the author's tweets may be in global lists. */
  listed: boolean;
}

/** What a fold changes. Each entry is the complete new state, so applying it again changes nothing. */
export interface TopPatch {
  /** Live tweets. */
  ranks: RankRow[];
  /** Tweets that were deleted or never existed. */
  gone: { tweetId: TweetId; author: UserId }[];
  authors: AuthorFacts[];
}

/** Every author whose rows a patch may change; possibly repeated. */
export function authorsIn({ ranks, gone, authors }: TopPatch): UserId[] {
  return [ranks, gone, authors].flatMap((rows: { author: UserId }[]) => rows.map(({ author }) => author));
}

/** A position in an author's list, best first: likes, then newest. */
export interface AuthorTopPosition {
  likes: number;
  tweetId: TweetId;
}

export interface AuthorTopsRequest {
  /** At most 1,000. `below`: only what ranks below this position; null: from the best. */
  authors: { author: UserId; below: AuthorTopPosition | null }[];
  /** Only ids at or above this, the window's start. 0: all. */
  atLeast: TweetId;
  /** Only tweets with at least this many likes. */
  atLeastLikes: number;
  /** Per author, at most 10,000. */
  limit: number;
}

/** An author's best tweets: by likes, then newest. `likes[i]` belongs to `tweetIds[i]`. */
export interface AuthorTop {
  author: UserId;
  /** 0 where the author is not known yet. */
  followers: number;
  tweetIds: TweetId[];
  likes: number[];
  /** There may be more tweets than `limit` allowed. */
  truncated: boolean;
}

/** The top-k index of a window as it was kept, so that a process need not read every row when it starts. */
export interface KeptTop {
  window: Window;
  tweets: { tweetId: TweetId; author: UserId }[];
  /** Every listed tweet of the window at or above it is among `tweets`; null: every one is. */
  floor: TopKey | null;
  /** Where the window began when it was kept. */
  windowStart: TweetId;
  /** Whether `floor` still holds for the rows as they are now. */
  isCurrent: boolean;
}

export interface TopListsStore {
  view: ViewStore<TopPatch>;
  /** Reports authors whose rows change; reports everything after a swap of generations and when all was lost. */
  readonly changes: ChangeSource;
  /** Replaces what was kept. `isCurrent`: `tops` reflect everything committed to the view. */
  keepTops(request: { tops: KeptTop[] }): Promise<void>;
  /** What was kept last; empty where nothing was. */
  keptTops(): Promise<KeptTop[]>;
  /** A partition's tweets below a position: most likes first, then newest. At most 10,000. */
  byLikes(request: { partition: number; below: AuthorTopPosition | null; limit: number }): Promise<RankRow[]>;
  /** A partition's tweets in order of ids, from `from` (inclusive). At most 10,000. */
  byTime(request: { partition: number; from: TweetId; limit: number }): Promise<RankRow[]>;
  /** The rows of these tweets, in no particular order, without those that have none. At most 1,000. */
  rows(request: { tweets: { author: UserId; tweetId: TweetId }[] }): Promise<RankRow[]>;
  /** The facts of these authors, in no particular order, without unknown ones. At most 10,000. */
  facts(request: { authors: UserId[] }): Promise<AuthorFacts[]>;
  /** One for each author, in the order asked for; empty ones too. */
  authorTops(request: AuthorTopsRequest): Promise<AuthorTop[]>;
}

/** What opening the store gives: one handle. Several may be open on one backend, and what one writes, all read. */
export interface OpenedTopListsStore extends TopListsStore {
  /** Resolves when what was asked for is committed; nothing may be asked of this handle afterwards. */
  close(): Promise<void>;
}
