/**
 * What walks through homes have shown, so that nothing repeats and nothing is skipped whatever happens meanwhile.
 *
 * Facts alone cannot say it. A tweet shown at a repost whose actor was unfollowed since would repeat at the posting;
 * one whose newer repost was committed, delivered or undone after the walk had passed that place would be skipped.
 * So the process remembers, per walk, which tweet it handed out at which place. A walk that it does not remember
 * (a restart, another process, pushed out by newer ones) goes on by facts above the place where its memory begins.
 */
import { LRUCache } from 'lru-cache';
import type { Snowflake, TweetId, UserId } from '#domain/ids.ts';
import type { HomePlace } from '../timeline.ts';

/** Data, not closures: one is made for every first page. Only this file changes it. */
export interface Walk {
  readonly top: Snowflake;
  /** ms since 1970; unique among the reader's kept walks: pushed forward by `keep` where the clock stands still. */
  began: number;
  /** All that was shown below this is remembered; above it nothing is known. Infinity: everything is known. */
  known: Snowflake;
  /** What was handed out and where, newest first: walks only go down. */
  tweets: TweetId[];
  places: Snowflake[];
  /** The same as `tweets`, once they are many. */
  set: Set<TweetId> | null;
}

export interface Walks {
  /** A walk that begins now; not remembered before `keep`. */
  begin(request: { top: Snowflake; now_ms: number }): Walk;
  /** The walk that a place belongs to. */
  resume(reader: UserId, place: HomePlace): Walk;
  /** Remembers it for the next page; after this, `began` stays. */
  keep(reader: UserId, walk: Walk): void;
}

const WALKS_PER_READER = 4;
/** Places over all walks, 16 bytes each. */
const PLACES_MOST = 4_000_000;
/** What a walk costs beside its places, in places. */
const OVERHEAD = 30;
const PLACES_PER_WALK = 4_096;
/** Up to here looking through an array beats keeping a set beside it. */
const SCANNED_MOST = 48;

export function createWalks({ placesMost = PLACES_MOST }: { placesMost?: number } = {}): Walks {
  const byReader = new LRUCache<UserId, Walk[]>({
    maxSize: placesMost,
    sizeCalculation: (walks) => walks.reduce((sum, { tweets }) => sum + tweets.length + OVERHEAD, 0),
  });

  return {
    begin: ({ top, now_ms }) => createWalk(top, now_ms, Number.POSITIVE_INFINITY),
    resume(reader, place) {
      const walk = byReader.get(reader)?.find(({ began, top }) => began === place.began && top === place.top);
      if (walk === undefined) return createWalk(place.top, place.began, place.below);
      rewind(walk, place.below);
      return walk;
    },
    keep(reader, walk) {
      const before = byReader.peek(reader);
      if (before === undefined) {
        byReader.set(reader, [walk]);
        return;
      }
      const others = before.filter((other) => other !== walk);
      if (others.length === before.length) {
        // New here: two walks of one reader must not be taken for each other.
        for (const { began } of others) if (began >= walk.began) walk.began = began + 1;
      }
      byReader.set(reader, [walk, ...others.slice(0, WALKS_PER_READER - 1)]);
    },
  };
}

function createWalk(top: Snowflake, began: number, known: Snowflake): Walk {
  return { top, began, known, tweets: [], places: [], set: null };
}

/** Was the tweet shown above the place that is being read? */
export function wasShown(walk: Walk, tweetId: TweetId): boolean {
  if (walk.tweets.length <= SCANNED_MOST) return walk.tweets.includes(tweetId);
  walk.set ??= new Set(walk.tweets);
  return walk.set.has(tweetId);
}

export function markShown(walk: Walk, tweetId: TweetId, place: Snowflake): void {
  if (walk.tweets.length >= PLACES_PER_WALK) {
    // From here on facts decide for the upper half, as if the walk had been resumed there.
    const half = PLACES_PER_WALK / 2;
    walk.known = walk.places[half - 1]!;
    walk.tweets = walk.tweets.slice(half);
    walk.places = walk.places.slice(half);
    walk.set = null;
  }
  walk.tweets.push(tweetId);
  walk.places.push(place);
  walk.set?.add(tweetId);
}

/** Forgets what was handed out below a place: the page was cut there, or is asked for again. */
function rewind(walk: Walk, below: Snowflake): void {
  while (walk.places.length > 0 && walk.places.at(-1)! < below) {
    walk.places.pop();
    const tweetId = walk.tweets.pop()!;
    walk.set?.delete(tweetId);
  }
}
