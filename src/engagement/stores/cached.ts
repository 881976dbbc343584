import type { TweetId, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { CommentRow, LikeRow } from '#domain/records.ts';
import { type CacheStats, countLookups } from '#platform/cache-stats.ts';
import type { ChangeSource } from '#platform/change-source.ts';
import { createCoherentCache } from '#platform/coherent-cache.ts';
import type { RepostActivity, Summary } from '../engagement.ts';
import type { EngagementStore } from '../engagement-store.ts';

export interface CachedEngagementDeps {
  store: EngagementStore;
  /** Tweets kept. */
  capacity?: number;
  stats?: CacheStats;
}

/** What pages ask of one tweet. Never changed once made, so its rows are handed out as they are. */
interface Entry {
  tweetId: TweetId;
  likeCount: number;
  commentCount: number;
  repostCount: number;
  likes: LikeRow[];
  comments: CommentRow[];
  /** All users who like it; null if there are too many. */
  likers: UserId[] | null;
  /** All users who have reposted it; null if there are too many. */
  reposters: UserId[] | null;
  /** All kept reposts, undone ones included, newest first; null if there are too many. */
  reposts: RepostActivity[] | null;
}

const CAPACITY = 65_536;
/** Tweets with more rows (some 80 bytes each) are kept apart, so that they cannot take all the memory. */
const FEW_ROWS = 24;
/** Rows of those kept apart, for each tweet of the capacity. */
const MANY_ROWS_EACH = 10;
/** Likers kept with a tweet. Searching this many numbers takes some 30 ns. */
const MAX_LIKERS = 64;
/** Reposts kept with a tweet. With more, a home asks the store, at 1 µs for each user whom its reader follows. */
const MAX_REPOSTS = 256;
/** Viewers remembered for a tweet with more than either. */
const MAX_KNOWN = 256;
/** Rows of the largest entry. */
const MAX_ROWS = 1 + 2 * LIMITS.previewFetched + MAX_LIKERS + 2 * MAX_REPOSTS;
const LIKED = 1;
const REPOSTED = 2;

/** Keeps what pages ask of warm tweets in memory, so that a page's 20 summaries cost a few microseconds. */
export function createCachedEngagementStore({
  store,
  capacity = CAPACITY,
  stats,
}: CachedEngagementDeps): EngagementStore {
  const entries = createEntries(store.changes, capacity);
  /** Of tweets with too many likers or reposters: LIKED | REPOSTED by viewer, as it was asked for. */
  const viewers = createCoherentCache<TweetId, ReadonlyMap<UserId, number>>({
    changes: [store.changes],
    max: capacity * MANY_ROWS_EACH + MAX_KNOWN,
    weigh: ({ size }) => size,
  });

  function fill(tweetIds: TweetId[]): Promise<Entry[]> {
    return entries.fill(async (keep) => {
      const summaries = await store.summaries({ viewer: null, tweetIds });
      const made = await Promise.all(summaries.map((summary) => entryOf(store, summary)));
      for (const entry of made) keep(entry);
      return made;
    });
  }

  /** The entries of these tweets, read from the store and kept where there were none. */
  async function entriesOf(tweetIds: TweetId[]): Promise<Entry[]> {
    const found: Entry[] = [];
    const missing: TweetId[] = [];
    for (const tweetId of tweetIds) {
      const entry = entries.get(tweetId);
      if (entry === undefined) missing.push(tweetId);
      else found.push(entry);
    }
    countLookups(stats, tweetIds.length, missing.length);
    return missing.length === 0 ? found : found.concat(await fill(missing));
  }

  /** LIKED | REPOSTED of the viewer, in the order of the entries. */
  async function flagsFor(viewer: UserId, found: Entry[]): Promise<number[]> {
    const flags = found.map((entry) => flagsOf(entry, viewer) ?? viewers.get(entry.tweetId)?.get(viewer));
    const unknown = found.filter((_, i) => flags[i] === undefined).map(({ tweetId }) => tweetId);
    const learnt = unknown.length === 0 ? [] : await learn(viewer, unknown);
    let next = 0;
    return flags.map((known) => known ?? learnt[next++]!);
  }

  /** Asks the store what the viewer did with tweets that have too many likers or reposters to keep. */
  function learn(viewer: UserId, tweetIds: TweetId[]): Promise<number[]> {
    return viewers.fill(async (keep) => {
      const { liked, reposted } = await store.viewerState({ viewer, tweetIds });
      return tweetIds.map((tweetId) => {
        const flags = (liked.includes(tweetId) ? LIKED : 0) | (reposted.includes(tweetId) ? REPOSTED : 0);
        const known = viewers.get(tweetId);
        const isFull = known === undefined || known.size >= MAX_KNOWN;
        keep(tweetId, new Map(isFull ? [] : known).set(viewer, flags));
        return flags;
      });
    });
  }

  return {
    ...store,
    async summaries({ viewer, tweetIds }) {
      const found = await entriesOf(tweetIds);
      const flags = viewer === null ? null : await flagsFor(viewer, found);
      return found.map((entry, i) => summaryOf(entry, flags === null ? null : flags[i]!));
    },
    async viewerState({ viewer, tweetIds }) {
      const found = await entriesOf(tweetIds);
      const flags = await flagsFor(viewer, found);
      const having = (flag: number) =>
        found.filter((_, i) => (flags[i]! & flag) !== 0).map(({ tweetId }) => tweetId);
      return { liked: having(LIKED), reposted: having(REPOSTED) };
    },
    async likeCounts({ tweetIds }) {
      const counts: { tweetId: TweetId; likes: number }[] = [];
      const missing: TweetId[] = [];
      // Top lists ask for many tweets that no page shows. Keeping those would push out tweets that pages do show.
      for (const tweetId of new Set(tweetIds)) {
        const entry = entries.get(tweetId);
        if (entry === undefined) missing.push(tweetId);
        else if (entry.likeCount > 0) counts.push({ tweetId, likes: entry.likeCount });
      }
      return missing.length === 0 ? counts : counts.concat(await store.likeCounts({ tweetIds: missing }));
    },
    async repostsBy(request) {
      const { actors, through, undoneAfter } = request;
      const found: RepostActivity[] = [];
      const others: TweetId[] = [];
      let users: Set<UserId> | undefined;
      for (const tweetId of new Set(request.tweetIds)) {
        const reposts = entries.get(tweetId)?.reposts;
        if (reposts === undefined || reposts === null) others.push(tweetId);
        else if (reposts.length > 0) {
          users ??= new Set(actors);
          for (const row of reposts) {
            if (row.id <= through && users.has(row.userId) && counts(row, undoneAfter)) found.push(row);
          }
        }
      }
      if (others.length > 0) found.push(...(await store.repostsBy({ ...request, tweetIds: others })));
      return found.sort((a, b) => b.id - a.id);
    },
  };
}

/** Most tweets have few rows and are found at once. Tweets with many are bounded by the number of their rows. */
function createEntries(source: ChangeSource, capacity: number) {
  const changes = [source] as const;
  const few = createCoherentCache<TweetId, Entry>({ changes, max: capacity });
  const many = createCoherentCache<TweetId, Entry>({
    changes,
    max: capacity * MANY_ROWS_EACH + MAX_ROWS,
    weigh: rowsOf,
  });
  return {
    get: (tweetId: TweetId) => few.get(tweetId) ?? many.get(tweetId),
    fill: <Result>(load: (keep: (entry: Entry) => void) => Result): Result =>
      few.fill((keepFew) =>
        many.fill((keepMany) =>
          load((entry) => (rowsOf(entry) <= FEW_ROWS ? keepFew : keepMany)(entry.tweetId, entry)),
        ),
      ),
  };
}

/** Whether a repost is active, or was undone so recently that this reader still counts it. */
function counts(row: RepostActivity, undoneAfter: number | null): boolean {
  return row.undoneAt === null || (undoneAfter !== null && row.undoneAt > undoneAfter);
}

async function entryOf(store: EngagementStore, summary: Summary): Promise<Entry> {
  const { viewer: _, ...counted } = summary;
  const { tweetId, likeCount, likes } = summary;
  let likers: UserId[] | null = null;
  if (likeCount <= LIMITS.previewFetched) likers = likes.map((row) => row.userId);
  else if (likeCount <= MAX_LIKERS) {
    likers = (await store.likes({ tweetId, before: null, limit: likeCount })).map((row) => row.userId);
  }
  const kept = await store.keptReposts({ tweetId, before: null, limit: MAX_REPOSTS + 1 });
  const reposts = kept.length <= MAX_REPOSTS ? kept : null;
  const reposters = reposts?.filter((row) => row.undoneAt === null).map((row) => row.userId) ?? null;
  return { ...counted, likers, reposts, reposters };
}

function rowsOf({ likes, comments, likers, reposters, reposts }: Entry): number {
  const reposted = (reposters?.length ?? 0) + (reposts?.length ?? 0);
  return 1 + likes.length + comments.length + (likers?.length ?? 0) + reposted;
}

/** LIKED | REPOSTED; undefined if there are too many to keep. */
function flagsOf({ likers, reposters }: Entry, viewer: UserId): number | undefined {
  if (likers === null || reposters === null) return undefined;
  return (likers.includes(viewer) ? LIKED : 0) | (reposters.includes(viewer) ? REPOSTED : 0);
}

function summaryOf(entry: Entry, flags: number | null): Summary {
  return {
    tweetId: entry.tweetId,
    likeCount: entry.likeCount,
    commentCount: entry.commentCount,
    repostCount: entry.repostCount,
    likes: entry.likes,
    comments: entry.comments,
    viewer: flags === null ? null : { liked: (flags & LIKED) !== 0, reposted: (flags & REPOSTED) !== 0 },
  };
}
