import type { TweetRecord } from '#domain/records.ts';
import { type CacheStats, countLookups } from '#platform/cache-stats.ts';
import { createIdCache } from '#platform/id-cache.ts';
import type { Authorship, ChangeSource, TweetsStore } from '../tweets-store.ts';

export interface CachedTweetsStoreDeps {
  /** Must be the only handle through which its backend changes: only its own changes are seen here. */
  store: TweetsStore & ChangeSource;
  /** Some 1 to 2 KB each. */
  maxRecords?: number;
  stats?: CacheStats;
}

const MAX_RECORDS = 65_536;

/**
 * Keeps live records in memory: 20 of them cost about 2 µs instead of 200 (2 cores, Node 26). Records are frozen.
 *
 * Nothing deleted is ever served from here, by three rules:
 * - The store tells what a commit changed in the very turn of that commit. It is dropped then: before the write is
 *   answered, and before anybody can read the event.
 * - A read that was under way in that turn may bring the record as it was before. Each such fill is told what
 *   changed since it began, and keeps none of that. (Its caller gets what stood when it asked.)
 * - A comment is served only while its tweet's record is here too. A tweet's deletion drops that one record and
 *   hides every comment on it; without it the store decides.
 */
export function createCachedTweetsStore(deps: CachedTweetsStoreDeps): TweetsStore {
  const { store, maxRecords = MAX_RECORDS } = deps;
  const records = createIdCache<TweetRecord>({ most: maxRecords });
  /** For each fill under way: the ids that changed since it began. */
  const fills = new Set<Set<number>>();

  store.onChange((ids) => {
    for (const id of ids) {
      records.delete(id);
      for (const changed of fills) changed.add(id);
    }
  });

  function kept(id: number): TweetRecord | undefined {
    const record = records.get(id);
    if (record === undefined || record.kind === 'tweet') return record;
    return records.get(record.rootId!) === undefined ? undefined : record;
  }

  async function fill(ids: number[]): Promise<TweetRecord[]> {
    const changed = new Set<number>();
    fills.add(changed);
    try {
      const read = await store.get({ ids });
      for (const record of read) {
        if (!changed.has(record.id)) records.set(record.id, freeze(record));
      }
      return read;
    } finally {
      fills.delete(changed);
    }
  }

  return {
    ...store,
    async get({ ids }) {
      const found: TweetRecord[] = [];
      const missing: number[] = [];
      for (const id of ids) {
        const record = kept(id);
        if (record === undefined) missing.push(id);
        else found.push(record);
      }
      countLookups(deps.stats, ids.length, missing.length);
      if (missing.length > 0) for (const record of await fill(missing)) found.push(record);
      return found;
    },
    async authorsOf({ ids }) {
      const found: Authorship[] = [];
      const missing: number[] = [];
      for (const id of ids) {
        const record = kept(id);
        if (record === undefined) missing.push(id);
        else found.push({ id, author: record.author, deleted: false });
      }
      if (missing.length > 0) for (const row of await store.authorsOf({ ids: missing })) found.push(row);
      return found;
    },
  };
}

/** Many callers share a record, so a mistake in one of them must fail there. */
function freeze(record: TweetRecord): TweetRecord {
  const { entities, images, labels } = record;
  for (const list of [entities.mentions, entities.hashtags, entities.links, images]) {
    for (const item of list) Object.freeze(item);
    Object.freeze(list);
  }
  Object.freeze(entities);
  Object.freeze(labels);
  return Object.freeze(record);
}
