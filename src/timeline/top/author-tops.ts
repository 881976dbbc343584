/**
 * Each author's best tweets in a window, from which home top lists are merged. The lists of hot authors are cached in
 * bounded memory, and dropped as soon as the view changes anything of the author's.
 */
import { LRUCache } from 'lru-cache';
import type { TweetId, UserId } from '#domain/ids.ts';
import { LIMITS, WINDOWS, type Window } from '#domain/limits.ts';
import type { ChangeListener } from './dirty-set.ts';
import type { AuthorTop, AuthorTopPosition, TopListsStore } from './top-lists-store.ts';

export interface AuthorTops extends ChangeListener {
  /** Each author's best 100 in the window, in the order asked for. Some may be older than `windowStart`: skip them. */
  best(request: { authors: UserId[]; window: Window; windowStart: TweetId }): Promise<AuthorTop[]>;
  /** An author's next tweets, below a position; empty at the end. */
  below(request: { author: UserId; position: AuthorTopPosition; windowStart: TweetId }): Promise<AuthorTop>;
}

export interface AuthorTopsDeps {
  store: Pick<TopListsStore, 'authorTops'>;
  /** Tweets cached over all authors; an empty list counts as one. */
  maxTweets?: number;
}

/** Some 16 bytes a tweet and 200 a list. */
const MAX_TWEETS = 1_000_000;
/** A cache key is the author's id times this, plus the window's index in `WINDOWS`. */
const KEYS_PER_AUTHOR = WINDOWS.length;

/** Authors per call, with pauses between calls: an embedded store blocks for some 10 ms to read these. */
const MAX_AUTHORS_PER_CALL = 250;

export function createAuthorTops({ store, maxTweets = MAX_TWEETS }: AuthorTopsDeps): AuthorTops {
  const cache = new LRUCache<number, AuthorTop>({
    maxSize: maxTweets,
    sizeCalculation: (top) => Math.max(1, top.tweetIds.length),
  });
  /** Reads under way. Each is told which authors changed since it began, and does not cache those. */
  const reads = new Set<{ changed: Set<UserId>; everything: boolean }>();

  function drop(author: UserId): void {
    for (const number of WINDOWS.keys()) cache.delete(author * KEYS_PER_AUTHOR + number);
    for (const read of reads) read.changed.add(author);
  }

  async function load(authors: UserId[], window: Window, windowStart: TweetId): Promise<AuthorTop[]> {
    const read = { changed: new Set<UserId>(), everything: false };
    reads.add(read);
    try {
      const tops: AuthorTop[] = [];
      for (let start = 0; start < authors.length; start += MAX_AUTHORS_PER_CALL) {
        if (start > 0) await yieldToOthers();
        const batch = authors
          .slice(start, start + MAX_AUTHORS_PER_CALL)
          .map((author) => ({ author, below: null }));
        const request = { authors: batch, atLeast: windowStart, atLeastLikes: 0, limit: LIMITS.authorTop };
        tops.push(...(await store.authorTops(request)));
      }
      for (const top of tops) {
        if (read.everything || read.changed.has(top.author)) continue;
        cache.set(top.author * KEYS_PER_AUTHOR + WINDOWS.indexOf(window), top);
      }
      return tops;
    } finally {
      reads.delete(read);
    }
  }

  return {
    async best({ authors, window, windowStart }) {
      const number = WINDOWS.indexOf(window);
      const tops: AuthorTop[] = new Array(authors.length);
      const missing: UserId[] = [];
      const indexes: number[] = [];
      for (let i = 0; i < authors.length; i++) {
        const found = cache.get(authors[i]! * KEYS_PER_AUTHOR + number);
        if (found !== undefined) {
          tops[i] = found;
        } else {
          missing.push(authors[i]!);
          indexes.push(i);
        }
      }
      const loaded = missing.length === 0 ? [] : await load(missing, window, windowStart);
      for (let i = 0; i < indexes.length; i++) tops[indexes[i]!] = loaded[i]!;
      return tops;
    },
    async below({ author, position, windowStart }) {
      const [top] = await store.authorTops({
        authors: [{ author, below: position }],
        atLeast: windowStart,
        atLeastLikes: 0,
        limit: LIMITS.authorTop,
      });
      return top!;
    },
    changed(patch) {
      for (const { author } of patch.ranks) drop(author);
      for (const { author } of patch.gone) drop(author);
      for (const { author } of patch.authors) drop(author);
    },
    reset() {
      cache.clear();
      for (const read of reads) read.everything = true;
    },
  };
}

function yieldToOthers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
