/**
 * Each author's best tweets in a window, from which home top lists are merged. The lists of hot authors are cached in
 * bounded memory until the view changes anything of the author's.
 */
import type { TweetId, UserId } from '#domain/ids.ts';
import { LIMITS, WINDOWS, type Window } from '#domain/limits.ts';
import { createCoherentCache } from '#platform/coherent-cache.ts';
import type { AuthorTop, AuthorTopPosition, TopListsStore } from './top-lists-store.ts';

export interface AuthorTops {
  /** Each author's best 100 in the window, in the order asked for. Some may be older than `windowStart`: skip them. */
  best(request: { authors: UserId[]; window: Window; windowStart: TweetId }): Promise<AuthorTop[]>;
  /** An author's next tweets, below a position; empty at the end. */
  below(request: { author: UserId; position: AuthorTopPosition; windowStart: TweetId }): Promise<AuthorTop>;
}

export interface AuthorTopsDeps {
  store: Pick<TopListsStore, 'authorTops' | 'changes'>;
  /** Tweets cached over all authors, and one more for each list. */
  maxTweets?: number;
}

/** Some 16 bytes a tweet and 200 a list. */
const MAX_TWEETS = 1_000_000;

/** Authors per call, with pauses between calls: an embedded store blocks for some 10 ms to read these. */
const MAX_AUTHORS_PER_CALL = 250;

export function createAuthorTops({ store, maxTweets = MAX_TWEETS }: AuthorTopsDeps): AuthorTops {
  /** By author, then by the window's index in `WINDOWS`. */
  const kept = createCoherentCache<UserId, readonly (AuthorTop | undefined)[]>({
    changes: [store.changes],
    max: maxTweets,
    weigh: (tops) => tops.reduce((sum, top) => sum + (top === undefined ? 0 : 1 + top.tweetIds.length), 0),
  });

  function load(authors: UserId[], window: Window, windowStart: TweetId): Promise<AuthorTop[]> {
    return kept.fill(async (keep) => {
      const loaded: AuthorTop[] = [];
      for (let start = 0; start < authors.length; start += MAX_AUTHORS_PER_CALL) {
        if (start > 0) await yieldToOthers();
        const batch = authors
          .slice(start, start + MAX_AUTHORS_PER_CALL)
          .map((author) => ({ author, below: null }));
        const request = { authors: batch, atLeast: windowStart, atLeastLikes: 0, limit: LIMITS.authorTop };
        loaded.push(...(await store.authorTops(request)));
      }
      for (const top of loaded) {
        const before = kept.get(top.author);
        const tops = WINDOWS.map((each, index) => (each === window ? top : before?.[index]));
        keep(top.author, tops);
      }
      return loaded;
    });
  }

  return {
    async best({ authors, window, windowStart }) {
      const number = WINDOWS.indexOf(window);
      const tops: AuthorTop[] = new Array(authors.length);
      const missing: UserId[] = [];
      const indexes: number[] = [];
      for (let i = 0; i < authors.length; i++) {
        const found = kept.get(authors[i]!)?.[number];
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
  };
}

function yieldToOthers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
