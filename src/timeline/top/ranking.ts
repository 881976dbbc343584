/** What makes a tweet stand above another in every top list. */
import type { TweetId } from '#domain/ids.ts';

/** A tweet's key in top lists: likes, then the author's public followers, then newest. Ids make it total. */
export interface TopKey {
  likes: number;
  followers: number;
  tweetId: TweetId;
}

/** For `sort`: the best first. */
export function compareTop(a: TopKey, b: TopKey): number {
  return b.likes - a.likes || b.followers - a.followers || b.tweetId - a.tweetId;
}

/** Does `a` stand above `b`, or is it the same tweet at the same position? */
export function atLeastAsHigh(a: TopKey, b: TopKey): boolean {
  return compareTop(a, b) <= 0;
}
