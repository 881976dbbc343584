/** The skeleton of a home: what a page is hydrated from. */
import type { ActivityId, Snowflake, TweetId, UserId } from '#domain/ids.ts';

export const REPOSTERS_NAMED = 100;

/** One tweet of a home, at its newest allowed activity. */
export interface HomeEntry {
  /** Its position in the session: the next page begins below `Math.abs(activity)` of the last entry that was shown. */
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
  /** For every `HomePosition` of this session: copy both, do not make `began` up. */
  top: Snowflake;
  began: number;
  /** Where to ask on (as `below`) when all entries were used; null: there is nothing further down. */
  next: Snowflake | null;
  /** Engagement did not answer: reposts were left out. */
  partial: boolean;
}
