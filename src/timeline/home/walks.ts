/**
 * What walks through homes have shown, so that nothing repeats and nothing is skipped whatever happens meanwhile.
 *
 * Facts alone cannot say it. A tweet shown at a repost whose actor was unfollowed since would repeat at the posting;
 * one whose newer repost was committed, delivered or undone after the walk had passed that place would be skipped.
 * So the process remembers, per walk, which tweet it handed out at which place. A walk that it does not remember
 * (a restart, another process, pushed out by newer ones) goes on by facts above the place where its memory begins.
 */
import type { Snowflake, TweetId, UserId } from '#contract/ids.ts';
import type { HomePlace } from '#timeline/timeline.ts';

export interface Walk {
  readonly top: Snowflake;
  /** ms since 1970; unique among the reader's kept walks: pushed forward by `keep` where the clock stands still. */
  readonly began: number;
  /** All that was shown below this is remembered; above it nothing is known. Infinity: everything is known. */
  readonly known: Snowflake;
  /** Was the tweet shown above the place that is being read? */
  shown(tweetId: TweetId): boolean;
  mark(tweetId: TweetId, place: Snowflake): void;
  /** Forgets what was handed out below a place: the page was cut there, or is asked for again. */
  rewind(below: Snowflake): void;
  size(): number;
}
interface KeptWalk extends Walk {
  began: number;
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
const READERS_MOST = 50_000;
/** Places over all walks: 16 bytes each, and half a kilobyte a walk. */
const PLACES_MOST = 1_000_000;
const PLACES_PER_WALK = 4_096;
/** Up to here looking through an array beats keeping a set beside it. */
const SCANNED_MOST = 48;

export interface WalksOptions {
  readersMost?: number;
  placesMost?: number;
}

export function createWalks({
  readersMost = READERS_MOST,
  placesMost = PLACES_MOST,
}: WalksOptions = {}): Walks {
  /** In order of use. */
  const byReader = new Map<UserId, KeptWalk[]>();
  /** Places in kept walks, as of when each was kept last. */
  const sizes = new WeakMap<Walk, number>();
  let places = 0;

  function forget(walk: Walk): void {
    places -= sizes.get(walk) ?? 0;
    sizes.delete(walk);
  }
  function forgetOldest(): void {
    for (const [reader, walks] of byReader) {
      if (byReader.size <= readersMost && places <= placesMost) return;
      walks.forEach(forget);
      byReader.delete(reader);
    }
  }

  return {
    begin: ({ top, now_ms }) => createWalk({ top, began: now_ms, known: Number.POSITIVE_INFINITY }),
    resume(reader, place) {
      const walk = byReader.get(reader)?.find(({ began, top }) => began === place.began && top === place.top);
      if (walk === undefined) return createWalk({ top: place.top, began: place.began, known: place.below });
      walk.rewind(place.below);
      return walk;
    },
    keep(reader, kept) {
      const walk = kept as KeptWalk;
      const before = byReader.get(reader) ?? [];
      const others = before.filter((other) => other !== walk);
      if (others.length === before.length) {
        // New here: two walks of one reader must not be taken for each other.
        for (const { began } of others) if (began >= walk.began) walk.began = began + 1;
      }
      forget(walk);
      for (const old of others.splice(WALKS_PER_READER - 1)) forget(old);
      byReader.delete(reader);
      byReader.set(reader, [walk, ...others]);
      sizes.set(walk, walk.size());
      places += walk.size();
      forgetOldest();
    },
  };
}

function createWalk({ top, began, known }: { top: Snowflake; began: number; known: Snowflake }): KeptWalk {
  /** By place, newest first: walks only go down. */
  let tweets: TweetId[] = [];
  let places: Snowflake[] = [];
  let set: Set<TweetId> | null = null;
  let from = known;
  return {
    top,
    began,
    get known() {
      return from;
    },
    shown(tweetId) {
      if (tweets.length <= SCANNED_MOST) return tweets.includes(tweetId);
      set ??= new Set(tweets);
      return set.has(tweetId);
    },
    mark(tweetId, place) {
      if (tweets.length >= PLACES_PER_WALK) {
        // From here on facts decide for the upper half, as if the walk had been resumed there.
        const half = PLACES_PER_WALK / 2;
        from = places[half - 1]!;
        tweets = tweets.slice(half);
        places = places.slice(half);
        set = null;
      }
      tweets.push(tweetId);
      places.push(place);
      set?.add(tweetId);
    },
    rewind(below) {
      while (places.length > 0 && places.at(-1)! < below) {
        places.pop();
        const tweetId = tweets.pop()!;
        set?.delete(tweetId);
      }
    },
    size: () => tweets.length,
  };
}
