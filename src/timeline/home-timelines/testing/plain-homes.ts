/**
 * {@link HomeTimelinesPort} as plainly as can be, with failovers, for tests. Each shard has one history of whole states; a
 * failover drops its newest ones.
 */
import { randomUUID } from 'node:crypto';
import type { ActivityId, Snowflake, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { HomeTimelinesPort, VersionedState } from '../port.ts';
import { homeShardOf } from '../slices.ts';

interface PlainHome {
  token: string;
  ids: readonly ActivityId[];
  floor: Snowflake;
  digest: number;
  isReady: boolean;
}
interface PlainShard {
  now: VersionedState | null;
  homes: ReadonlyMap<UserId, PlainHome>;
}

export interface PlainHomes extends HomeTimelinesPort {
  /** Takes the shard's newest `lost` changes; the first state remains. */
  failover(shard: number, lost: number): void;
  /** Loses a shard with all that it held. */
  lose(shard: number): void;
}

export function createPlainHomes({ shards }: { shards: number }): PlainHomes {
  const nothing: PlainShard = { now: null, homes: new Map() };
  const histories: PlainShard[][] = Array.from({ length: shards }, () => [nothing]);
  const shardOf = (reader: UserId) => homeShardOf(reader, shards);
  const current = (shard: number) => histories[shard]!.at(-1)!;
  const change = (shard: number, next: Partial<PlainShard>) =>
    void histories[shard]!.push({ ...current(shard), ...next });

  function withHome(reader: UserId, home: PlainHome): void {
    const shard = shardOf(reader);
    change(shard, { homes: new Map(current(shard).homes).set(reader, home) });
  }

  return {
    shards,
    positions: async (request) => request.shards.map((shard) => current(shard).now),
    async deliver({ shard, expected, next, slices }) {
      const { now, homes } = current(shard);
      if (now?.version !== expected) return { delivered: false, now };
      const all = new Map(homes);
      for (const { activity, readers } of slices) {
        for (const reader of readers) {
          const home = all.get(reader);
          if (home !== undefined) all.set(reader, inserted(home, [activity]));
        }
      }
      const versioned = { version: randomUUID(), state: next };
      change(shard, { now: versioned, homes: all });
      return { delivered: true, now: versioned };
    },
    async dropShard({ shard, seen, next }) {
      const { now } = current(shard);
      if ((now?.state.era ?? null) !== seen) return { dropped: false, now };
      const versioned = { version: randomUUID(), state: next };
      change(shard, { now: versioned, homes: new Map() });
      return { dropped: true, now: versioned };
    },
    async register({ readers }) {
      return readers.map((reader) => {
        const { now, homes } = current(shardOf(reader));
        if (now === null) return null;
        const before = homes.get(reader);
        if (before !== undefined) return before.token;
        const token = randomUUID();
        withHome(reader, { token, ids: [], floor: 0, digest: 0, isReady: false });
        return token;
      });
    },
    async fill({ fillings }) {
      return fillings.map(({ reader, token, ids, floor, digest }) => {
        const home = current(shardOf(reader)).homes.get(reader);
        if (home?.token !== token) return false;
        const raised = { ...home, floor: Math.max(home.floor, floor) };
        withHome(reader, { ...inserted(raised, ids), digest, isReady: true });
        return true;
      });
    },
    async read({ readers, below, limit }) {
      const states = new Map<number, VersionedState>();
      const homes = readers.map((reader) => {
        const shard = shardOf(reader);
        const { now, homes: all } = current(shard);
        if (now !== null) states.set(shard, now);
        const home = all.get(reader);
        if (home === undefined || !home.isReady) return null;
        const { ids, floor, digest } = home;
        return { ids: ids.filter((id) => Math.abs(id) < below).slice(0, limit), floor, digest };
      });
      return { homes, states };
    },
    async remove({ readers }) {
      for (const reader of readers) {
        const homes = new Map(current(shardOf(reader)).homes);
        homes.delete(reader);
        change(shardOf(reader), { homes });
      }
    },
    failover(shard, lost) {
      const history = histories[shard]!;
      history.splice(Math.max(1, history.length - lost));
    },
    lose(shard) {
      histories[shard] = [nothing];
    },
  };
}

/** With more ids: newest first, each once, at or above the floor, which rises where there are too many. */
function inserted(home: PlainHome, more: Iterable<ActivityId>): PlainHome {
  const all = [...new Set([...home.ids, ...more])].filter((id) => Math.abs(id) >= home.floor);
  all.sort((a, b) => Math.abs(b) - Math.abs(a));
  const ids = all.slice(0, LIMITS.homeTimeline);
  const floor = all.length > ids.length ? Math.abs(ids.at(-1)!) : home.floor;
  return { ...home, ids, floor };
}
