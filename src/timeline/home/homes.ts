/**
 * Homes: rings that deliveries go to, and the skeleton that a page of a home is made from. A home's candidates are
 * the activities (postings and standing reposts) of those whom the reader follows now and does not mute.
 */
import type { ActivityId, Snowflake, TweetId, UserId } from '#contract/ids.ts';
import type { Worker } from '#platform/worker.ts';
import type { HomePlace, Timeline } from '#timeline/timeline.ts';

/** One tweet of a home, at its newest allowed activity. */
export interface HomeEntry {
  /** Its place in the walk: the next page begins below `Math.abs(activity)` of the last entry that was shown. */
  activity: ActivityId;
  /** Who posted or reposted; followed and not muted (or the reader, with `own`). */
  actor: UserId;
  tweetId: TweetId;
  /** Everybody followed and not muted whose repost stands, newest first, at most {@link REPOSTERS_NAMED}. */
  repostedBy: UserId[];
  /** When the newest of those was made (ms since 1970). */
  repostTime: number | null;
}

export interface Candidates {
  entries: HomeEntry[];
  /** For every `HomePlace` of this walk: copy both, do not make `began` up. */
  top: Snowflake;
  began: number;
  /** Where to ask on (as `below`) when all entries were used; null: there is nothing further down. */
  next: Snowflake | null;
  /** Engagement did not answer: reposts were left out. */
  partial: boolean;
}

export const REPOSTERS_NAMED = 100;

export interface Homes
  extends Pick<
    Timeline,
    'deliver' | 'recordPulled' | 'seenLately' | 'newSince' | 'flush' | 'mergeFollows' | 'progress' | 'demand'
  > {
  /**
   * The next entries below `place.below`, or from the top; at most `limit`, fewer only at the end or where much was
   * filtered out: ask on from `next`. Nothing repeats in a walk. Tweets' text, deletion and authors are the caller's
   * to check. Throws `unavailable` where tweets or social do not answer and nothing can be said.
   */
  candidates(request: {
    reader: UserId;
    own: boolean;
    place: HomePlace | null;
    limit: number;
  }): Promise<Candidates>;
  workers: Worker[];
}
