/**
 * An index of the best tweets of one window, kept up to date change by change. It has a floor, as a home timeline has:
 * it holds every listed tweet of the window whose key is at or above the floor. So the best `shown` that it holds are
 * the best of all, as long as that many are left above the floor. What drops out (deleted, too old, unliked) is not
 * replaced; when the index runs low, its owner fills a new one from the rows.
 */
import type { TweetId, UserId } from '#domain/ids.ts';
import { atLeastAsHigh, compareTop, type TopKey } from './ranking.ts';
import type { AuthorFacts, RankRow } from './top-lists-store.ts';

export interface TopKIndexSize {
  /** How many tweets a list shows. */
  shown: number;
  /** How many are kept when there are too many. */
  kept: number;
  /** Above this many, the worst are dropped and the floor rises. */
  max: number;
  /** With a floor and fewer than these, it is time to fill a new index. */
  low: number;
}

export interface Best {
  /** The best `shown`, best first. */
  tweetIds: TweetId[];
  /** False: too few are left above the floor, so better ones may be missing. */
  exact: boolean;
  /** Fewer than `low` are left. */
  low: boolean;
  /** The oldest tweet held, Infinity without any. Until the window's start passes it, time alone changes nothing. */
  oldest: TweetId;
}

export interface TopKIndex {
  /** Everything at or above it is held; null: everything is. */
  floor(): TopKey | null;
  /**
   * Given an author as they are now, the fewest likes of their tweets that may be above the floor but not held yet;
   * null: there are none. A tweet with more likes than the floor is held whatever the followers, unless the author was
   * not listed; one with exactly as many is held only where the followers reach the floor's.
   */
  missing(facts: AuthorFacts): number | null;
  /** Notes an author as they are now; call it after their `missing` rows were offered. */
  learn(facts: AuthorFacts): void;
  /** Adds or updates a tweet as it is now. */
  offer(row: RankRow, author: AuthorFacts): void;
  remove(tweetId: TweetId): void;
  /** From now on only what is at or above `key` counts as held. Never lowers the floor. */
  raiseFloor(key: TopKey): void;
  /** The best now. Drops tweets below `windowStart`. */
  best(windowStart: TweetId): Best;
  /** Everything held, in no particular order. */
  held(): { tweetId: TweetId; author: UserId }[];
  /** Whether `best` should be called to drop the surplus. */
  full(): boolean;
}

/** One author's facts, shared by all their entries. */
interface Author {
  followers: number;
  listed: boolean;
  /** The facts came from `learn`. */
  learnt: boolean;
}

interface Entry extends TopKey {
  author: Author;
  authorId: UserId;
}

/** Authors remembered, mostly so that a like does not cause all rows of its author to be read. */
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

  /** Updates all keys, drops what no longer belongs and returns the rest, best first. */
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
