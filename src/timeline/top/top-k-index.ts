/**
 * The tweets that lead one window, kept up to date change by change. It has a floor, as a home timeline has one: it
 * holds every listed tweet of the window whose key is at or above the floor. So the best `shown` of what it holds
 * are the best of all, as long as so many are left above the floor; what falls out (deleted, too old, unliked)
 * leaves a gap below, and when the spare runs low the owner fills a new one from the rows.
 */
import type { TweetId, UserId } from '#domain/ids.ts';
import { atLeastAsHigh, compareTop, type TopKey } from './ranking.ts';
import type { AuthorFacts, RankRow } from './top-lists-store.ts';

export interface TopKIndexSize {
  /** How many are asked for. */
  shown: number;
  /** How many are kept when too many came in. */
  kept: number;
  /** Above this many, the worst are dropped and the floor rises. */
  max: number;
  /** Below this many (with a floor), it is time to fill a new one. */
  low: number;
}

export interface Best {
  /** The best `shown`, best first. */
  tweetIds: TweetId[];
  /** False: too few are left above the floor for this to be the whole truth. */
  exact: boolean;
  /** The spare runs low. */
  low: boolean;
  /** The oldest tweet held; Infinity where there is none. Until the window's start passes it, time changes nothing. */
  oldest: TweetId;
}

export interface TopKIndex {
  /** Everything at or above this is held; null: everything is. */
  floor(): TopKey | null;
  /**
   * An author as they are now: which of their tweets may stand above the floor and not be held yet? Those with at
   * least so many likes; null: none. What has more likes than the floor is in whatever the followers, unless the
   * author was not listed; what has as many is in only where the followers reach the floor's.
   */
  missing(facts: AuthorFacts): number | null;
  /** Takes in an author as they are now, after all their rows that were `missing` were offered. */
  learn(facts: AuthorFacts): void;
  /** Takes in a tweet as it is now. */
  offer(row: RankRow, author: AuthorFacts): void;
  remove(tweetId: TweetId): void;
  /** From now on only what is at or above `key` counts as held. */
  raiseFloor(key: TopKey): void;
  /** The best now, without tweets below `windowStart`, which are forgotten. */
  best(windowStart: TweetId): Best;
  /** Everything held, in no order. */
  held(): { tweetId: TweetId; author: UserId }[];
  /** Whether `best` should be called to shed what is too much. */
  full(): boolean;
}

/** One author's facts, shared by all their entries. */
interface Author {
  followers: number;
  listed: boolean;
  /** These facts came by `learn`. */
  learnt: boolean;
}

interface Entry extends TopKey {
  author: Author;
  authorId: UserId;
}

/** Authors remembered, most of them only so that their rows need not be read with every like that they get. */
const MAX_AUTHORS = 50_000;

export function createTopKIndex({ shown, kept, max, low }: TopKIndexSize): TopKIndex {
  const entries = new Map<TweetId, Entry>();
  const authors = new Map<UserId, Author>();
  let floor: TopKey | null = null;

  function aboveFloor(key: TopKey): boolean {
    return floor === null || atLeastAsHigh(key, floor);
  }

  function raiseFloor(key: TopKey): void {
    const { likes, followers, tweetId } = key;
    if (floor === null || compareTop(key, floor) < 0) floor = { likes, followers, tweetId };
  }

  /** Brings keys up to date, drops what no longer belongs and returns the rest, best first. */
  function settle(windowStart: TweetId): Entry[] {
    const staying: Entry[] = [];
    for (const entry of entries.values()) {
      entry.followers = entry.author.followers;
      if (entry.author.listed && entry.tweetId >= windowStart && aboveFloor(entry)) staying.push(entry);
    }
    staying.sort(compareTop);
    if (staying.length > max) {
      staying.length = kept;
      raiseFloor(staying[kept - 1]!);
    }
    if (staying.length < entries.size || authors.size > MAX_AUTHORS) keepOnly(staying);
    return staying;
  }

  function keepOnly(staying: Entry[]): void {
    entries.clear();
    for (const entry of staying) entries.set(entry.tweetId, entry);
    if (authors.size <= MAX_AUTHORS) return;
    authors.clear();
    for (const { authorId, author } of staying) authors.set(authorId, author);
  }

  return {
    floor: () => floor,
    missing({ author, followers, listed }) {
      if (!listed) return null;
      const before = authors.get(author);
      if (before?.learnt && before.listed) {
        if (floor === null) return null;
        const rises = followers > before.followers;
        return rises && followers >= floor.followers && before.followers <= floor.followers
          ? floor.likes
          : null;
      }
      if (floor === null) return 0;
      return followers >= floor.followers ? floor.likes : floor.likes + 1;
    },
    learn({ author, followers, listed }) {
      const known = authors.get(author);
      if (known === undefined) authors.set(author, { followers, listed, learnt: true });
      else Object.assign(known, { followers, listed, learnt: true });
    },
    offer({ tweetId, author: authorId, likes }, { followers, listed }) {
      if (!listed || !aboveFloor({ likes, followers, tweetId })) {
        entries.delete(tweetId);
        return;
      }
      let author = authors.get(authorId);
      if (author === undefined) {
        author = { followers, listed, learnt: false };
        authors.set(authorId, author);
      }
      entries.set(tweetId, { tweetId, likes, followers, author, authorId });
    },
    remove: (tweetId) => void entries.delete(tweetId),
    raiseFloor,
    best(windowStart) {
      const staying = settle(windowStart);
      let oldest = Number.POSITIVE_INFINITY;
      for (const { tweetId } of staying) if (tweetId < oldest) oldest = tweetId;
      return {
        tweetIds: staying.slice(0, shown).map(({ tweetId }) => tweetId),
        exact: floor === null || staying.length >= shown,
        low: floor !== null && staying.length < low,
        oldest,
      };
    },
    held: () => Array.from(entries.values(), ({ tweetId, authorId }) => ({ tweetId, author: authorId })),
    full: () => entries.size > max || authors.size > 2 * MAX_AUTHORS,
  };
}
