/**
 * Tweet views that all readers share. A tweet view is kept where every reader who is apart from nobody on it is shown the very
 * same: its author and all whom it names are active and unprotected. It holds until anything that it was made of
 * changes: the tweet, what is under it, a comment's text, one of those users. Making one takes some ten look-ups in
 * the caches of three services, and finding one takes one.
 */
import type { TweetId, UserId } from '#domain/ids.ts';
import type { TweetRecord } from '#domain/records.ts';
import { createIdCache } from '#platform/id-cache.ts';
import type { Stamps } from '#platform/stamps.ts';
import type { TweetView } from '../timeline.ts';

export interface TweetViewCache {
  /** The moment now; to be taken before anything is read that a tweet view is made of. */
  now(): number;
  /** The tweet view as it is now. Undefined: none is kept, or something has changed. */
  get(tweetId: TweetId): TweetView | undefined;
  /** Keeps a tweet view that was made of what was read after `asOf`. It is never changed again. */
  keep(tweetView: TweetView, asOf: number): void;
}

interface Kept {
  tweetView: TweetView;
  asOf: number;
  /** Ids of all that it was made of. */
  parts: number[];
}

/** Some 1.5 KB each. */
const MAX_TWEET_VIEWS = 65_536;

export function createTweetViewCache({
  stamps,
  max = MAX_TWEET_VIEWS,
}: {
  stamps: Stamps;
  max?: number;
}): TweetViewCache {
  const kept = createIdCache<Kept>({ most: max });
  return {
    now: stamps.now,
    get(tweetId) {
      const found = kept.get(tweetId);
      if (found === undefined || !stamps.unchanged(found.parts, found.asOf)) return undefined;
      return found.tweetView;
    },
    keep(tweetView, asOf) {
      const { tweet, users, comments } = tweetView;
      const parts = [
        tweet.id,
        ...users.map(({ userId }) => userId),
        ...mentionedIn(tweet),
        ...comments.map(({ commentId }) => commentId),
      ];
      for (const list of [tweetView.likes, comments, users]) Object.freeze(list);
      kept.set(tweet.id, { tweetView: Object.freeze(tweetView), asOf, parts });
    },
  };
}

/** Whom the text of a tweet mentions, of those whose handle was somebody's. */
export function mentionedIn({ entities }: TweetRecord): UserId[] {
  return entities.mentions.flatMap(({ userId }) => userId ?? []);
}

/** Where nobody tells of changes in the same turn, as between processes, no tweet view can be known to hold. */
export const NO_TWEET_VIEW_CACHE: TweetViewCache = { now: () => 0, get: () => undefined, keep: () => {} };
