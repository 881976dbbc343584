/**
 * A social store with what pages ask for kept in memory: users, relationships, lists of followees. Exact, provided that
 * every write to the store goes through this very decorator (one process owns the file): each change forgets what it
 * touched after its commit and before its answer. A read that began before a change and ends after it may hold older
 * facts, so it fills nothing: `changes` tells.
 */
import { LRUCache } from 'lru-cache';
import type { UserId } from '#domain/ids.ts';
import { type CacheStats, countLookups } from '#platform/cache-stats.ts';
import { createIdCache } from '#platform/id-cache.ts';
import type { Decision, Facts, Followee, RelationshipKey, SocialStore, StoredUser } from '../social-store.ts';
import { createRelationshipCache } from './relationship-cache.ts';

export interface CachedSocialStoreOptions {
  store: SocialStore;
  /** Bounds, in entries: users, relationships of a viewer to somebody (also those apart), followees over all lists. */
  maxUsers?: number;
  maxRelationships?: number;
  maxFollowees?: number;
  stats?: CacheStats;
  /** Told which users (not their relationships) have changed, in the turn in which they are forgotten here. */
  onUsersChanged?: (userIds: readonly UserId[]) => void;
}

/** What a decision changed. */
interface Touched {
  relationships: RelationshipKey[];
  users: UserId[];
  /** Users whose protection or state turned: both reach into the lists of others. */
  turned: UserId[];
}

export function createCachedSocialStore({
  store,
  maxUsers = 131_072,
  maxRelationships = 500_000,
  maxFollowees = 500_000,
  stats,
  onUsersChanged,
}: CachedSocialStoreOptions): SocialStore {
  const users = createIdCache<StoredUser>({ most: maxUsers });
  const relationshipBits = createRelationshipCache({ most: maxRelationships });
  const followees = new LRUCache<UserId, { turns: number; rows: readonly Followee[] }>({
    maxSize: maxFollowees,
    sizeCalculation: ({ rows }) => rows.length + 1,
  });
  const blocksAndMutes = new LRUCache<UserId, { users: ReadonlyMap<UserId, number> | null }>({
    maxSize: maxRelationships,
    sizeCalculation: ({ users }) => 1 + (users?.size ?? 0),
  });
  let changes = 0;
  /** Lists of followees made before the last turn of anybody's protection or state are read again. */
  let turns = 0;

  function forget({ relationships, users: touched, turned }: Touched): void {
    changes++;
    for (const userId of touched) users.delete(userId);
    for (const { from, to } of relationships) {
      relationshipBits.forgetPair(from, to);
      followees.delete(from);
      blocksAndMutes.delete(from);
      blocksAndMutes.delete(to);
      users.delete(from);
      users.delete(to);
    }
    for (const userId of turned) relationshipBits.forgetTowards(userId);
    if (turned.length > 0) turns++;
    if (touched.length > 0) onUsersChanged?.(touched);
  }

  return {
    ...store,
    async change(subject, decide) {
      let touched: Touched | undefined;
      try {
        return await store.change(subject, (facts) => {
          const decision = decide(facts);
          touched = touchedBy(facts, decision);
          return decision;
        });
      } finally {
        if (touched !== undefined) forget(touched);
      }
    },

    async users(userIds) {
      const found: (StoredUser | null)[] = [];
      let missing: number[] | undefined;
      for (let i = 0; i < userIds.length; i++) {
        const user = users.get(userIds[i]!);
        found.push(user ?? null);
        if (user === undefined) {
          missing ??= [];
          missing.push(i);
        }
      }
      countLookups(stats, userIds.length, missing?.length ?? 0);
      if (missing === undefined) return found;
      const began = changes;
      const read = await store.users(missing.map((i) => userIds[i]!));
      for (const [at, i] of missing.entries()) {
        const user = read[at] ?? null;
        found[i] = user;
        // Users who never were are not kept: anybody could name any number of them.
        if (user !== null && began === changes) users.set(user.userId, user);
      }
      return found;
    },

    async relationshipBits({ viewer, others }) {
      const known = relationshipBits.of(viewer);
      const found: number[] = [];
      let missing: number[] | undefined;
      for (let i = 0; i < others.length; i++) {
        const bits = known?.get(others[i]!);
        found.push(bits ?? 0);
        if (bits === undefined) {
          missing ??= [];
          missing.push(i);
        }
      }
      if (missing === undefined) return found;
      const began = changes;
      const read = await store.relationshipBits({ viewer, others: missing.map((i) => others[i]!) });
      for (const [at, i] of missing.entries()) {
        const bits = read[at] ?? 0;
        found[i] = bits;
        if (began === changes) relationshipBits.put(viewer, others[i]!, bits);
      }
      return found;
    },

    async blocksAndMutes(viewer) {
      const known = blocksAndMutes.get(viewer);
      if (known !== undefined) return known.users;
      const began = changes;
      const read = await store.blocksAndMutes(viewer);
      if (began === changes) blocksAndMutes.set(viewer, { users: read });
      return read;
    },

    async followees(follower) {
      const known = followees.get(follower);
      if (known !== undefined && known.turns === turns) return known.rows;
      const began = changes;
      const rows = await store.followees(follower);
      if (began === changes) followees.set(follower, { turns, rows });
      return rows;
    },
  };
}

function touchedBy(facts: Facts, { users = [], relationships = [] }: Decision<unknown>): Touched | undefined {
  if (users.length === 0 && relationships.length === 0) return undefined;
  const turned = users.filter((after) => {
    const before = facts.users.find((user) => user?.userId === after.userId);
    return before?.protected !== after.protected || before?.state !== after.state;
  });
  return {
    relationships: relationships.map(({ from, to }) => ({ from, to })),
    users: users.map((user) => user.userId),
    turned: turned.map((user) => user.userId),
  };
}
