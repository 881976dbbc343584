/** What lists of tweets are made from before they are hydrated. */
import type { TweetId, UserId } from '#domain/ids.ts';
import type { VisibleProfile } from '#social/social.ts';

/** One entry of a skeleton. */
export interface Entry {
  tweetId: TweetId;
  /** In a home: who reposted it among those the reader follows, newest first, and when (ms). */
  repostedBy: readonly UserId[];
  repostTime: number | null;
  /** It stands here because of a repost: without anybody in `repostedBy` whom the reader may see, it is left out. */
  byRepost: boolean;
}

/** As far as lists have rules about authors. */
export type Author = Pick<VisibleProfile, 'protected' | 'muting'>;
/** May a tweet of this author, whom the viewer may read, stand in this list? */
export type Rule = (author: Author) => boolean;
