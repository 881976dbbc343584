/**
 * The port of homes that several processes share: what an engine's adapter promises. Decisions are in `slices.ts` and
 * `shard-state.ts`; an adapter compares a version, inserts ids and stores a state, in one step.
 *
 * **A home is one thing**: ids, floor, era, token, readiness and digest are there together or not at all. A failover
 * may take the newest calls of a shard, in order: a prefix of what was done remains.
 */
import type { ActivityId, Snowflake, UserId } from '#domain/ids.ts';
import type { ShardState } from './shard-state.ts';
import type { Slice } from './slices.ts';

/**
 * A shard's state, and which one of all that it ever had. No version comes twice, not even after a failover, so that a
 * call that is late by one takeover finds nothing that it expects.
 */
export interface VersionedState {
  version: string;
  state: ShardState;
}

export interface HomePage {
  /** The newest below what was asked for, newest first, each once, none below the floor. */
  ids: ActivityId[];
  floor: Snowflake;
  digest: number;
}

/** Part of a home's content, which is united with what was delivered meanwhile. */
export interface Filling {
  reader: UserId;
  token: string;
  ids: Float64Array;
  /** The content has every candidate at or above it. */
  floor: Snowflake;
  digest: number;
}

export interface HomeTimelinesPort {
  readonly shards: number;
  /** The shards' states, from where writes go. null: the shard has no era, so its homes are read by pull. */
  positions(request: { shards: readonly number[] }): Promise<(VersionedState | null)[]>;
  /**
   * Where the shard still has the version `expected`: inserts the slices into those homes that exist, ready or not,
   * and stores `next`. Else changes nothing. Answers what the shard has now. Claims are calls without slices.
   */
  deliver(request: {
    shard: number;
    expected: string;
    next: ShardState;
    slices: readonly Slice[];
  }): Promise<{ delivered: boolean; now: VersionedState | null }>;
  /**
   * Where the shard still has the era `seen` (null: none): stores `next`, whose era is new, and no home of before
   * exists any more. Of several callers one wins. Answers what the shard has now.
   */
  dropShard(request: {
    shard: number;
    seen: string | null;
    next: ShardState;
  }): Promise<{ dropped: boolean; now: VersionedState | null }>;
  /**
   * Makes an empty home, not ready, for each reader who has none. Answers the token of each home, ready or not; null:
   * the shard has no era. Content must be read from facts after that.
   */
  register(request: { readers: readonly UserId[] }): Promise<(string | null)[]>;
  /** Adds content and makes the home ready, in one step. false: the home with this token is gone. */
  fill(request: { fillings: readonly Filling[] }): Promise<boolean[]>;
  /** Ready homes; null for others. The positions of their shards are of the same moment as the ids. */
  read(request: { readers: readonly UserId[]; below: Snowflake; limit: number }): Promise<{
    homes: (HomePage | null)[];
    states: ReadonlyMap<number, VersionedState>;
  }>;
  /** Removes homes, each as a whole. */
  remove(request: { readers: readonly UserId[] }): Promise<void>;
}
