/**
 * {@link HomeTimelinesPort} on the home timelines in this process's memory. A call is one synchronous turn, and nothing of it
 * outlives the process; a slice costs one look-up and one insertion a reader.
 */

import type { UserId } from '#domain/ids.ts';
import type { HomeTimelines, Slot } from './home-timelines.ts';
import type { HomeTimelinesPort, VersionedState } from './port.ts';
import type { ShardState } from './shard-state.ts';
import { checkHomeShards, homeShardOf } from './slices.ts';

export interface RingHomesDeps {
  /** Written by this adapter alone. */
  homeTimelines: HomeTimelines;
  shards: number;
  now_ms: () => number;
}

export function createRingHomes({ homeTimelines, shards, now_ms }: RingHomesDeps): HomeTimelinesPort {
  checkHomeShards(shards);
  const states = new Array<VersionedState | null>(shards).fill(null);
  /** Index: slot. Undefined: not in use. */
  const tokens: (string | undefined)[] = [];
  let made = 0;
  const shardOf = (reader: UserId) => homeShardOf(reader, shards);
  const next = () => String(++made);

  function store(shard: number, state: ShardState): VersionedState {
    const versioned = { version: next(), state };
    states[shard] = versioned;
    return versioned;
  }
  function remove(slot: Slot): void {
    tokens[slot] = undefined;
    homeTimelines.remove(slot);
  }
  function add(slot: Slot, ids: Float64Array): void {
    for (let i = 0; i < ids.length; i++) homeTimelines.insert(slot, ids[i]!);
  }

  return {
    shards,
    positions: async (request) => request.shards.map((shard) => states[shard]!),
    async deliver({ shard, expected, next: state, slices }) {
      if (states[shard]?.version !== expected) return { delivered: false, now: states[shard]! };
      for (const { activity, readers } of slices) {
        for (let i = 0; i < readers.length; i++) {
          const slot = homeTimelines.find(readers[i]!);
          if (slot >= 0) homeTimelines.insert(slot, activity);
        }
      }
      return { delivered: true, now: store(shard, state) };
    },
    async dropShard({ shard, seen, next: state }) {
      if ((states[shard]?.state.era ?? null) !== seen) return { dropped: false, now: states[shard]! };
      for (let slot = 0; slot < homeTimelines.slots(); slot++) {
        if (tokens[slot] !== undefined && shardOf(homeTimelines.readerOf(slot)) === shard) remove(slot);
      }
      return { dropped: true, now: store(shard, state) };
    },
    async register({ readers }) {
      return readers.map((reader) => {
        if (states[shardOf(reader)] === null) return null;
        const found = homeTimelines.find(reader);
        if (found >= 0) return tokens[found]!;
        const token = next();
        tokens[homeTimelines.register(reader)] = token;
        return token;
      });
    },
    async fill({ fillings }) {
      return fillings.map(({ reader, token, ids, floor, digest }) => {
        const slot = homeTimelines.find(reader);
        if (slot < 0 || tokens[slot] !== token) return false;
        add(slot, ids);
        homeTimelines.raiseFloor(slot, floor);
        homeTimelines.setDigest(slot, digest);
        if (!homeTimelines.isReady(slot)) homeTimelines.makeReady(slot, now_ms());
        return true;
      });
    },
    async read({ readers, below, limit }) {
      const found = new Map<number, VersionedState>();
      const homes = readers.map((reader) => {
        const shard = shardOf(reader);
        if (states[shard] !== null) found.set(shard, states[shard]!);
        const slot = homeTimelines.find(reader);
        if (slot < 0 || !homeTimelines.isReady(slot)) return null;
        homeTimelines.touch(slot, now_ms());
        const ids = homeTimelines.below(slot, below, limit);
        return { ids, floor: homeTimelines.floor(slot), digest: homeTimelines.digest(slot) };
      });
      return { homes, states: found };
    },
    async remove({ readers }) {
      for (const reader of readers) {
        const slot = homeTimelines.find(reader);
        if (slot >= 0) remove(slot);
      }
    },
  };
}
