/** The skeleton of a home: what a page is hydrated from. */
import type { ActivityId, Snowflake, TweetId, UserId } from '#domain/ids.ts';

export const REPOSTERS_NAMED = 100;

/** A tweet of a home, at its newest activity that counts. */
export interface HomeEntry {
  /** Its position in the home: the next page begins below `Math.abs(activity)` of the last entry shown. */
  activity: ActivityId;
  /** The user who posted or reposted: a followee who is not muted, or the reader (with `own`). */
  actor: UserId;
  tweetId: TweetId;
  /** Followees, not muted, who repost it now, newest first, at most {@link REPOSTERS_NAMED}. */
  repostedBy: UserId[];
  /** When the newest of those reposts was made (ms since 1970). */
  repostTime: number | null;
}

export interface Candidates {
  entries: HomeEntry[];
  /** Part of every `HomePosition` of this session: copy both, do not make up `began`. */
  top: Snowflake;
  began: number;
  /** The next request's `below` once all entries were used; null: there is nothing further down. */
  next: Snowflake | null;
  /** Engagement was down: reposts were left out. */
  partial: boolean;
}
