/**
 * Tweet views that all readers share. A tweet view is kept where every reader who is apart from nobody on it is shown
 * the very same: its author and all whom it names are active and unprotected. It holds until anything that it was made
 * of changes: the tweet, what is under it, a comment's text, one of those users. Making one takes some ten lookups in
 * the caches of three services, and finding one takes one.
 */
import type { TweetId, UserId } from '#domain/ids.ts';
import type { TweetRecord } from '#domain/records.ts';
import { type ChangeSource, createChangeClock } from '#platform/change-clock.ts';
import { createCoherentCache } from '#platform/coherent-cache.ts';
import type { TweetView } from '../timeline.ts';

/** Keeps a tweet view for all readers, unless anything has changed since. From then on it cannot be changed. */
export type KeepTweetView = (tweetView: TweetView) => void;

export interface TweetViewCache {
  /** The tweet view as it is now. Undefined: none is kept, or something has changed. */
  get(tweetId: TweetId): TweetView | undefined;
  /** As `CoherentCache.fill`. */
  fill<Result>(load: (keep: KeepTweetView) => Result): Result;
}

/**
 * Told of tweets and comments that are gone, of tweets of which the engagement is another, and of users whose profile,
 * protection or state is.
 */
export type TweetViewChanges = readonly [ChangeSource, ...ChangeSource[]];

/** Some 1.5 KB each. */
const MAX_KEPT = 65_536;

export function createTweetViewCache({
  changes,
  max = MAX_KEPT,
}: {
  changes: TweetViewChanges;
  max?: number;
}): TweetViewCache {
  const tweetViews = createCoherentCache<TweetId, TweetView>({
    clock: createChangeClock(changes),
    max,
    madeOf: partsOf,
  });
  return {
    get: tweetViews.get,
    fill: (load) =>
      tweetViews.fill((keep) => load((tweetView) => keep(tweetView.tweet.id, freeze(tweetView)))),
  };
}

function partsOf({ tweet, users, comments }: TweetView): number[] {
  return [
    ...users.map(({ userId }) => userId),
    ...mentionedIn(tweet),
    ...comments.map(({ commentId }) => commentId),
  ];
}

function freeze(tweetView: TweetView): TweetView {
  for (const list of [tweetView.likes, tweetView.comments, tweetView.users]) Object.freeze(list);
  return Object.freeze(tweetView);
}

/** Whom the text of a tweet mentions, of those whose handle was somebody's. */
export function mentionedIn({ entities }: TweetRecord): UserId[] {
  return entities.mentions.flatMap(({ userId }) => userId ?? []);
}
