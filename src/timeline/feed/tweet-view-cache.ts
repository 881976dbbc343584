/**
 * Tweet views that all readers share. A tweet view is cached where every reader is shown the same unless there is a
 * block or mute between the reader and somebody on it: its author and all users that it names are active and
 * unprotected. It is valid until anything that it was made of changes: the tweet, its engagement, a comment's text, one
 * of the users. Building one takes some ten lookups in the caches of three services, finding one takes one.
 */
import type { TweetId, UserId } from '#domain/ids.ts';
import type { TweetRecord } from '#domain/records.ts';
import type { ChangeSource } from '#platform/change-source.ts';
import { createCoherentCache } from '#platform/coherent-cache.ts';
import type { TweetView } from '../timeline.ts';

/** Caches a tweet view for all readers, unless a part of it has changed meanwhile. Freezes it. */
export type KeepTweetView = (tweetView: TweetView) => void;

export interface TweetViewCache {
  /** The tweet view as it is now. Undefined: none is cached, or a part of it has changed. */
  get(tweetId: TweetId): TweetView | undefined;
  /** As `CoherentCache.fill`. */
  fill<Result>(load: (keep: KeepTweetView) => Result): Result;
}

/**
 * They report tweets and comments that were deleted, tweets whose engagement changed, and users whose profile,
 * protection or state changed.
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
    changes,
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

/** The users whom the text of a tweet mentions. Handles that nobody had are left out. */
export function mentionedIn({ entities }: TweetRecord): UserId[] {
  return entities.mentions.flatMap(({ userId }) => userId ?? []);
}
