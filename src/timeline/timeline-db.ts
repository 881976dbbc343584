/**
 * The Timeline DB: homes that are not in memory, one packed row each, and the activities that are fanned out on read.
 * A row is a cache of facts: it may be old (what came since is backfilled) or missing, but never wrong.
 */
import type { ActivityId, Snowflake, UserId } from '#domain/ids.ts';
import type { ChangeSource } from '#platform/change-source.ts';

/** A home timeline as it was at one moment, with the positions that it reflects. */
export interface PackedHome {
  reader: UserId;
  /** Oldest first. */
  ids: Float64Array;
  /** Candidates at or above it, committed through `completeTo`, are among the ids or recorded for fan-out on read. */
  floor: Snowflake;
  /** Digest of the followees for whom that holds: see home/followee-set.ts. */
  digest: number;
  /** Positions in the topics tweets and reposts. Index: partition. */
  completeTo: { tweets: number[]; reposts: number[] };
  /** Milliseconds since 1970. */
  updatedAt: number;
}

/** An actor's newest activities that are fanned out on read: all of those at or above the floor. */
export interface FanOutOnReadTail {
  actor: UserId;
  /** Oldest first, each once. */
  ids: Float64Array;
  floor: Snowflake;
}

/**
 * Every method is one atomic step. A crash of the machine may take the newest writes, but only in order: while a row is
 * kept, nothing saved or recorded before it is lost.
 */
export interface TimelineDb {
  load(request: { reader: UserId }): Promise<PackedHome | null>;
  /** Each home replaces its reader's previous one. At most 1,000. */
  save(request: { homes: PackedHome[] }): Promise<void>;
  /** Adds activities, each once. Keeps the newest `keep` and raises the floor above the rest. */
  addFanOutOnRead(request: {
    actor: UserId;
    activities: ActivityId[];
    keep: number;
  }): Promise<FanOutOnReadTail>;
  /** The actors that have a tail, in order. `after`: 0 at first, then `next`, which is null at the end. */
  fanOutOnReadActors(request: {
    after: UserId;
    limit: number;
  }): Promise<{ actors: UserId[]; next: UserId | null }>;
  /** The tails of those of the actors that have one, as one moment has them all. At most 1,000 actors. */
  fanOutOnReadTails(request: { actors: readonly UserId[] }): Promise<FanOutOnReadTail[]>;
  /** Tells of the actors whose tails change. */
  readonly tailChanges: ChangeSource;
  /** Deletes at most `limit` rows not updated since. True: there are more. */
  dropOlder(request: { updatedBefore: number; limit: number }): Promise<boolean>;
  /** Deletes a user's home and their activities that are fanned out on read: erasure. */
  forget(request: { user: UserId }): Promise<void>;
  /** Calls the listener when everything saved and recorded so far was lost, as when the file was damaged. */
  onLost(listener: () => void): void;
}

/** What opening the database gives: one handle. Several may be open on one backend, and what one writes, all read. */
export interface OpenedTimelineDb extends TimelineDb {
  /** Resolves when what was asked for is committed; nothing may be asked of this handle afterwards. */
  close(): Promise<void>;
}
