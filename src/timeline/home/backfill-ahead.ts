/**
 * Candidates beneath a home timeline, a page at a time. Reading the tails of thousands of authors takes tens of
 * milliseconds, for a hundred candidates as for a thousand. So a thousand are read at once, and the following pages are
 * cut from them.
 */
import { LRUCache } from 'lru-cache';
import { type ActivityId, type Snowflake, snowflakeTime, type UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Clock } from '#platform/clock.ts';
import type { Backfill, Backfilled } from './backfill.ts';
import type { FolloweeSet } from './followee-set.ts';

export interface AheadRequest {
  reader: UserId;
  /** With the reader's own activities. */
  own: boolean;
  followeeSet: FolloweeSet;
  /** Only below this; null: from the newest. */
  before: Snowflake | null;
  /** About how many to return; at least one, unless there are no more. */
  want: number;
}

export interface BackfillAhead {
  next(request: AheadRequest): Promise<Backfilled>;
}

export interface BackfillAheadDeps {
  backfill: Pick<Backfill, 'newest'>;
  clock: Clock;
  /** With more authors than this it reads ahead. */
  maxDirectAuthors?: number;
}

interface Kept {
  /** Weak: a set takes 60 bytes a followee, which would be far more than the candidates, and is bounded elsewhere. */
  followeeSet: WeakRef<FolloweeSet>;
  own: boolean;
  before: Snowflake;
  read_ms: number;
  found: Backfilled;
}

const READ_AHEAD = 1_000;
/** Candidates over all readers, 8 bytes each. */
const MAX_KEPT = 1_000_000;
/** For how long a read serves further pages: a reader who scrolls asks for the next one within seconds. */
const SERVES_MS = 120_000;
/** Nothing is committed any more with an older id. With younger ids, what was read a moment ago may be incomplete. */
const SETTLED_MS = 60_000;

export function createBackfillAhead(deps: BackfillAheadDeps): BackfillAhead {
  const { backfill, clock, maxDirectAuthors = LIMITS.batch } = deps;
  const kept = new LRUCache<UserId, Kept>({
    maxSize: MAX_KEPT,
    sizeCalculation: ({ found }) => found.ids.length + 10,
  });

  /** Reads under way, one at a time for each reader. */
  const reading = new Map<UserId, Promise<Backfilled>>();

  /** The next candidates from the last read; null where it has none, or the followees have changed. */
  function fromKept(request: AheadRequest, before: Snowflake): Backfilled | null {
    const { reader, own, followeeSet, want } = request;
    const read = kept.get(reader);
    if (read === undefined || read.followeeSet.deref() !== followeeSet || read.own !== own) return null;
    if (before > read.before || clock.monotonic() - read.read_ms > SERVES_MS) return null;
    return cut(read.found, before, want);
  }

  async function readAhead(request: AheadRequest, authors: UserId[], before: Snowflake): Promise<Backfilled> {
    const { reader, own, followeeSet } = request;
    const want = Math.max(request.want, READ_AHEAD);
    const read_ms = clock.monotonic();
    const found = await backfill.newest({ reader, authors, before, atLeast: 0, want, strict: false });
    // A read without reposts serves this page only.
    if (!found.partial)
      kept.set(reader, { followeeSet: new WeakRef(followeeSet), own, before, read_ms, found });
    return cut(found, before, request.want) ?? found;
  }

  return {
    async next(request) {
      const { reader, own, followeeSet, before, want } = request;
      const authors = own ? [...followeeSet.allowed, reader] : followeeSet.allowed;
      const isSettled = before !== null && snowflakeTime(before) < clock.now() - SETTLED_MS;
      if (!isSettled || authors.length <= maxDirectAuthors) {
        return backfill.newest({ reader, authors, before, atLeast: 0, want, strict: false });
      }
      for (;;) {
        const served = fromKept(request, before);
        if (served !== null) return served;
        const other = reading.get(reader);
        if (other === undefined) break;
        // Most likely the same page was requested twice.
        await other.catch(() => {});
      }
      const read = readAhead(request, authors, before);
      reading.set(reader, read);
      return read.finally(() => reading.delete(reader));
    },
  };
}

/** The newest `want` below `before`; null where there is none, though there may be more beneath the floor. */
function cut({ ids, floor, partial }: Backfilled, before: Snowflake, want: number): Backfilled | null {
  const from = firstBelow(ids, before);
  const part = ids.slice(from, from + want);
  if (from + want < ids.length) return { ids: part, floor: Math.abs(part.at(-1)!), partial };
  return part.length === 0 && floor > 0 ? null : { ids: part, floor, partial };
}

/** The index of the first id below a bound; ids are newest first. */
function firstBelow(ids: readonly ActivityId[], before: Snowflake): number {
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Math.abs(ids[middle]!) >= before) low = middle + 1;
    else high = middle;
  }
  return low;
}
