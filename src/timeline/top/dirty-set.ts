/**
 * What the view changed lately, so that whatever holds data made from its rows reads those rows again. Entries are
 * added after the rows are committed and taken before the rows are read: a change in between is added again. An entry
 * too many costs a read; only a missing one would be wrong.
 */
import type { TweetId, UserId } from '#domain/ids.ts';
import type { ViewStore } from '#queue/view.ts';
import type { TopPatch } from './top-lists-store.ts';

/** A view store that adds to the set, in this process, what every patch that it commits changes. */
export function withDirtySet(store: ViewStore<TopPatch>, dirtySet: DirtySet): ViewStore<TopPatch> {
  store.onLost(dirtySet.reset);
  return {
    ...store,
    commit: (request) => unlessRefused(store.commit(request), () => dirtySet.changed(request.patch)),
    swap: (request) => unlessRefused(store.swap(request), dirtySet.reset),
  };
}

/** Also calls `add` after an error: the write may have been committed although the answer got lost. */
async function unlessRefused(written: Promise<boolean>, add: () => void): Promise<boolean> {
  let refused = false;
  try {
    refused = !(await written);
    return !refused;
  } finally {
    if (!refused) add();
  }
}

/** Changed tweets and authors, each once, until they are taken. */
export interface DirtySet {
  changed(patch: TopPatch): void;
  /** Any row may have changed. */
  reset(): void;
  /** Takes at most `limit` changed tweets and at most `limit` changed authors. */
  take(limit: number): { tweets: { author: UserId; tweetId: TweetId }[]; authors: UserId[] };
  /** True, once, after a reset or after too many changes to remember: everything must be read again. */
  takeReset(): boolean;
  /** Whether nothing is dirty. */
  empty(): boolean;
}

/** With more entries a scan of everything is no more expensive. Bounds the memory. */
const MAX_DIRTY = 100_000;

export function createDirtySet(): DirtySet {
  const tweets = new Map<TweetId, UserId>();
  const authors = new Set<UserId>();
  let wasReset = false;

  function reset(): void {
    wasReset = true;
    tweets.clear();
    authors.clear();
  }
  return {
    changed(patch) {
      for (const { tweetId, author } of patch.ranks) tweets.set(tweetId, author);
      for (const { tweetId, author } of patch.gone) tweets.set(tweetId, author);
      for (const { author } of patch.authors) authors.add(author);
      if (tweets.size + authors.size > MAX_DIRTY) reset();
    },
    reset,
    take(limit) {
      const taken = { tweets: [] as { author: UserId; tweetId: TweetId }[], authors: [] as UserId[] };
      for (const [tweetId, author] of tweets) {
        if (taken.tweets.length === limit) break;
        taken.tweets.push({ author, tweetId });
        tweets.delete(tweetId);
      }
      for (const author of authors) {
        if (taken.authors.length === limit) break;
        taken.authors.push(author);
        authors.delete(author);
      }
      return taken;
    },
    takeReset() {
      const value = wasReset;
      wasReset = false;
      return value;
    },
    empty: () => tweets.size === 0 && authors.size === 0 && !wasReset,
  };
}
