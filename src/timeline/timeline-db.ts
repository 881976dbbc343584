/**
 * The Timeline DB: homes that are not in memory, one packed row each, and the activities that are merged at reading.
 * A row is a cache of facts: it may be old (what came since is backfilled) or missing, never wrong.
 */
import type { ActivityId, Snowflake, UserId } from '#domain/ids.ts';

/** A home timeline as it was at one moment, with what it reflects. */
export interface PackedHome {
  reader: UserId;
  /** Oldest first. */
  ids: Float64Array;
  /** Every candidate at or above it, committed through `completeTo`, is among the ids or was recorded for fan-out on read. */
  floor: Snowflake;
  /** Digest of the followees whom that holds for: see home/followee-set.ts. */
  digest: number;
  /** Positions of the topics tweets and reposts; index: partition. */
  completeTo: { tweets: number[]; reposts: number[] };
  /** Milliseconds since 1970. */
  updatedAt: number;
}

/** One actor's newest activities that are fanned out on read: every such one at or above the floor. */
export interface FanOutOnReadTail {
  actor: UserId;
  /** Oldest first, each once. */
  ids: Float64Array;
  floor: Snowflake;
}

/**
 * Every method is one atomic step. What was saved or recorded before a row is never lost while that row is kept:
 * a crash of the machine may take the newest writes, but in order.
 */
export interface TimelineDb {
  load(request: { reader: UserId }): Promise<PackedHome | null>;
  /** Each replaces what its reader had. At most 1,000. */
  save(request: { homes: PackedHome[] }): Promise<void>;
  /** Adds activities; the same one again changes nothing. Keeps the newest `keep` and raises the floor past the rest. */
  addFanOutOnRead(request: {
    actor: UserId;
    activities: ActivityId[];
    keep: number;
  }): Promise<FanOutOnReadTail>;
  /** Tails of all actors that have one, by actor. `after`: 0 at first, then `next`; null at the end. */
  scanFanOutOnRead(request: {
    after: UserId;
    limit: number;
  }): Promise<{ tails: FanOutOnReadTail[]; next: UserId | null }>;
  /** Deletes rows not updated since, some at a time. True: there are more. */
  dropOlder(request: { updatedBefore: number; limit: number }): Promise<boolean>;
  /** Forgets somebody's home, and what of theirs is fanned out on read: erasure. */
  forget(request: { user: UserId }): Promise<void>;
  /** Runs when everything was lost, as when the file was damaged: what was saved and recorded so far is gone. */
  onLost(listener: () => void): void;
}

/** What opening the database gives: one handle. Several may be open on one backend, and what one writes, all read. */
export interface OpenedTimelineDb extends TimelineDb {
  /** Resolves when what was asked for is committed; nothing may be asked of this handle afterwards. */
  close(): Promise<void>;
}
