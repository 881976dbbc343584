/** The order of tweets in every top list. */
import type { TweetId } from '#domain/ids.ts';

/** A tweet's sort key: likes, then the author's public followers, then newest. The id makes the order total. */
export interface TopKey {
  likes: number;
  followers: number;
  tweetId: TweetId;
}

/** For `sort`: the best first. */
export function compareTop(a: TopKey, b: TopKey): number {
  return b.likes - a.likes || b.followers - a.followers || b.tweetId - a.tweetId;
}

/** Whether `a` ranks above `b` or equals it. */
export function atLeastAsHigh(a: TopKey, b: TopKey): boolean {
  return compareTop(a, b) <= 0;
}
