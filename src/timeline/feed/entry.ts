/** The entries of lists of tweets before they are hydrated. */
import type { TweetId, UserId } from '#domain/ids.ts';
import type { VisibleProfile } from '#social/social.ts';

/** One entry of a skeleton. */
export interface Entry {
  tweetId: TweetId;
  /** In a home: the followees who reposted it, newest first, and when the newest did (ms since 1970). */
  repostedBy: readonly UserId[];
  repostTime: number | null;
  /** It is listed for a repost: it is left out where the reader may see nobody in `repostedBy`. */
  byRepost: boolean;
}

/** What rules of lists look at in an author. */
export type Author = Pick<VisibleProfile, 'protected' | 'muting'>;
/** Whether a tweet by this author, whom the viewer may read, belongs in the list. */
export type Rule = (author: Author) => boolean;
