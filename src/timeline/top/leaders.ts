/**
 * The tweets that lead one window, kept up to date change by change. It has a floor, as a home's ring has one: it
 * holds every listed tweet of the window whose key is at or above the floor. So the best `shown` of what it holds
 * are the best of all, as long as so many are left above the floor; what falls out (deleted, too old, unliked)
 * leaves a gap below, and when the spare runs low the owner fills a new one from the rows.
 */
import type { TweetId, UserId } from '#contract/ids.ts';
import { atLeastAsHigh, compareTop, type TopKey } from './order.ts';
import type { AuthorFacts, RankRow } from './top-lists-store.ts';

export interface LeadersSize {
  /** How many are asked for. */
  shown: number;
  /** How many are kept when too many came in. */
  kept: number;
  /** Above this many, the worst are dropped and the floor rises. */
  most: number;
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
  /** The oldest tweet held; Infinity where there is none. Until the window's edge passes it, time changes nothing. */
  oldest: TweetId;
}

export interface Leaders {
  /** Everything at or above this is held; null: everything is. */
  floor(): TopKey | null;
  /** Whether `learn` was told the same before, so that no row of this author can have come above the floor unseen. */
  knows(facts: AuthorFacts): boolean;
  /** Takes in an author as they are now, after all their rows at or above the floor were offered. */
  learn(facts: AuthorFacts): void;
  /** Takes in a tweet as it is now. */
  offer(row: RankRow, author: AuthorFacts): void;
  remove(tweetId: TweetId): void;
  /** From now on only what is at or above `key` counts as held. */
  raiseFloor(key: TopKey): void;
  /** The best now, without tweets below `edge` (the window's), which are forgotten. */
  best(edge: TweetId): Best;
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

export function createLeaders({ shown, kept, most, low }: LeadersSize): Leaders {
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
  function settle(edge: TweetId): Entry[] {
    const staying: Entry[] = [];
    for (const entry of entries.values()) {
      entry.followers = entry.author.followers;
      if (entry.author.listed && entry.tweetId >= edge && aboveFloor(entry)) staying.push(entry);
    }
    staying.sort(compareTop);
    if (staying.length > most) {
      staying.length = kept;
      raiseFloor(staying[kept - 1]!);
    }
    if (staying.length < entries.size) keepOnly(staying);
    return staying;
  }

  function keepOnly(staying: Entry[]): void {
    entries.clear();
    authors.clear();
    for (const entry of staying) {
      entries.set(entry.tweetId, entry);
      authors.set(entry.authorId, entry.author);
    }
  }

  return {
    floor: () => floor,
    knows({ author, followers, listed }) {
      const known = authors.get(author);
      return known?.learnt === true && known.followers === followers && known.listed === listed;
    },
    learn({ author, followers, listed }) {
      const known = authors.get(author);
      if (known === undefined) return;
      known.followers = followers;
      known.listed = listed;
      known.learnt = true;
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
    best(edge) {
      const staying = settle(edge);
      let oldest = Number.POSITIVE_INFINITY;
      for (const { tweetId } of staying) if (tweetId < oldest) oldest = tweetId;
      return {
        tweetIds: staying.slice(0, shown).map(({ tweetId }) => tweetId),
        exact: floor === null || staying.length >= shown,
        low: floor !== null && staying.length < low,
        oldest,
      };
    },
    full: () => entries.size > most,
  };
}
