/** A social store that keeps in memory what pages ask for: users, and their relationships. */
import type { UserId } from '#domain/ids.ts';
import { type CacheStats, countLookups } from '#platform/cache-stats.ts';
import { createCoherentCache } from '#platform/coherent-cache.ts';
import type { SocialStore, StoredUser } from '../social-store.ts';

export interface CachedSocialStoreOptions {
  store: SocialStore;
  /** Maximum number of entries: users, and relationships of viewers (blocks and mutes counted too). */
  maxUsers?: number;
  maxRelationships?: number;
  stats?: CacheStats;
}

/** Relationships kept for one viewer; a viewer who has seen more starts over. */
const MAX_RELATIONSHIPS_EACH = 1_024;

type Cached = Pick<SocialStore, 'users' | 'relationshipBits' | 'blocksAndMutes'>;

export function createCachedSocialStore({
  store,
  maxUsers = 131_072,
  maxRelationships = 500_000,
  stats,
}: CachedSocialStoreOptions): SocialStore {
  return {
    ...store,
    users: cacheUsers({ store, max: maxUsers, stats }),
    relationshipBits: cacheRelationships({ store, max: maxRelationships }),
    blocksAndMutes: cacheBlocksAndMutes({ store, max: maxRelationships }),
  };
}

interface CacheDeps {
  store: SocialStore;
  max: number;
}

function cacheUsers({ store, max, stats }: CacheDeps & { stats: CacheStats | undefined }): Cached['users'] {
  const { profiles, relationships } = store.changes;
  const users = createCoherentCache<UserId, StoredUser>({
    changes: [profiles, relationships],
    max,
  });
  return async (userIds) => {
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
    const places = missing;
    return users.fill(async (keep) => {
      const read = await store.users(places.map((i) => userIds[i]!));
      for (const [at, i] of places.entries()) {
        const user = read[at] ?? null;
        found[i] = user;
        // Ids without a user are not kept: a client could name any number of them.
        if (user !== null) keep(user.userId, user);
      }
      return found;
    });
  };
}

function cacheRelationships({ store, max }: CacheDeps): Cached['relationshipBits'] {
  const { relationships, followees } = store.changes;
  /** By viewer: their relationships with the users they saw. */
  const viewers = createCoherentCache<UserId, ReadonlyMap<UserId, number>>({
    changes: [relationships, followees],
    max,
    weigh: ({ size }) => 1 + size,
  });
  return async ({ viewer, others }) => {
    const known = viewers.get(viewer);
    const found: number[] = [];
    const missing: number[] = [];
    for (let i = 0; i < others.length; i++) {
      const bits = known?.get(others[i]!);
      found.push(bits ?? 0);
      if (bits === undefined) missing.push(i);
    }
    if (missing.length === 0) return found;
    return viewers.fill(async (keep) => {
      const read = await store.relationshipBits({ viewer, others: missing.map((i) => others[i]!) });
      const before = viewers.get(viewer);
      const isFull = before === undefined || before.size >= MAX_RELATIONSHIPS_EACH;
      const learnt = new Map(isFull ? [] : before);
      for (const [at, i] of missing.entries()) {
        const bits = read[at] ?? 0;
        found[i] = bits;
        learnt.set(others[i]!, bits);
      }
      keep(viewer, learnt);
      return found;
    });
  };
}

function cacheBlocksAndMutes({ store, max }: CacheDeps): Cached['blocksAndMutes'] {
  const lists = createCoherentCache<UserId, { users: ReadonlyMap<UserId, number> | null }>({
    changes: [store.changes.relationships],
    max,
    weigh: ({ users }) => 1 + (users?.size ?? 0),
  });
  return async (viewer) => {
    const known = lists.get(viewer);
    if (known !== undefined) return known.users;
    return lists.fill(async (keep) => {
      const users = await store.blocksAndMutes(viewer);
      keep(viewer, { users });
      return users;
    });
  };
}
