/**
 * Makes a home ready: finds its home timeline, or fills one. **Register, then backfill, then union.** Take an activity
 * x of a followee, and a home timeline that was registered before its backfill began. Why x is not lost:
 *
 * - x committed before the backfill read its author's tail: it is in the tail (or below the floor that comes with it).
 * - x committed later: fan-out delivers x after that, and finds the home timeline registered, if it knows the follower.
 * - The follow committed before the backfill read the followees: both cases above hold. It committed later: fan-out
 *   merges the author's tail into the home timeline when it reads the follow (`mergeFollows`). If it read x before the
 *   follow, x is in that tail; if it reads x after it, its list has the follower.
 * - Fan-out starts at the end of the log: what it will never deliver was committed before it said where it starts, and
 *   no home timeline is registered before that.
 *
 * **A packed row** holds every candidate at or above its floor for the followees in its digest, through `completeTo`:
 * fan-out's progress, so all of that had been delivered when the row was packed. What the same followees committed
 * later is backfilled by position, not by id, since ids do not commit in order. A follow made since may not be in the
 * row: it may have been merged only into a home timeline that was lost in a crash, or have found no home timeline at
 * all. So a row is used only if
 * - the digest of today's followees is the row's: a follow since then (also by an approved request, or of an account
 *   that is active again) changes the set, wherever it was merged; and
 * - no follow edge is newer than the row less {@link FOLLOW_MARGIN_MS}: an author who was unfollowed and followed again
 *   leaves the set as it was, but has a new edge; the margin covers one minted before the row and merged after it.
 * Otherwise the home is made from facts, as if there were no row. A wrong digest costs a backfill, never an activity.
 *
 * **A home timeline in memory** carries the digest too. If it is not that of today's followees when its reader comes,
 * it is refilled before the page is read: a follow shows at once, even before fan-out has merged it.
 */
import { WarbleError } from '#domain/errors.ts';
import { snowflakeTime, type UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Clock } from '#platform/clock.ts';
import type { HomeTimelines, Slot } from '../home-timelines/home-timelines.ts';
import type { PackedHome, TimelineDb } from '../timeline-db.ts';
import type { Backfill, Backfilled } from './backfill.ts';
import type { FolloweeSet, FolloweeSets } from './followee-set.ts';

/** Far longer than a write waits for its commit, and than running fan-out lags behind. */
export const FOLLOW_MARGIN_MS = 10 * 60_000;
/** Homes that are filled concurrently. */
const MAX_FILLING = 256;

export interface HomeLoader {
  /**
   * The reader's home timeline, filled where there was none, or one for other followees. Concurrent calls share the
   * work. -1: none can be kept now (fan-out has not started, or engagement is down), so the home is read by backfill.
   * Throws what tweets and social throw, and `overloaded` where too many are being filled.
   */
  open(reader: UserId, followeeSet: FolloweeSet): Slot | Promise<Slot>;
  /** Refills a home timeline for today's followees. Where engagement is down it stays as it was. */
  refill(reader: UserId): Promise<Slot>;
  /** Allows home timelines to be kept from now on. */
  start(): void;
  /** Drops every home timeline, including those being filled. */
  dropAll(): void;
}

export interface HomeLoaderDeps {
  homeTimelines: HomeTimelines;
  timelineDb: Pick<TimelineDb, 'load'>;
  followeeSets: FolloweeSets;
  backfill: Backfill;
  clock: Clock;
  /** Evicts home timelines until there is room for another. */
  makeRoom: () => void;
}

export function createHomeLoader(deps: HomeLoaderDeps): HomeLoader {
  const { homeTimelines, followeeSets, clock, makeRoom } = deps;
  const filling = new Map<UserId, Promise<Slot>>();
  let started = false;
  /** Grows when all are dropped: a home timeline that was being filled then is not the one registered now. */
  let era = 0;

  /** Adds content to what was delivered meanwhile; the order of the two does not matter. */
  function union(reader: UserId, content: Backfilled, digest: number): Slot {
    const slot = homeTimelines.find(reader);
    for (let i = content.ids.length - 1; i >= 0; i--) homeTimelines.insert(slot, content.ids[i]!);
    homeTimelines.raiseFloor(slot, content.floor);
    homeTimelines.setDigest(slot, digest);
    return slot;
  }

  async function fill(reader: UserId): Promise<Slot> {
    makeRoom();
    homeTimelines.register(reader);
    const registeredIn = era;
    try {
      // The followees must be read after the home timeline was registered: see above.
      const followeeSet = await followeeSets.of(reader);
      const content = await contentOf(deps, reader, followeeSet);
      if (era !== registeredIn) return -1;
      const slot = union(reader, content, followeeSet.digest);
      homeTimelines.makeReady(slot, clock.now());
      homeTimelines.touch(slot, clock.now());
      return slot;
    } catch (error) {
      if (era === registeredIn) homeTimelines.remove(homeTimelines.find(reader));
      if (error instanceof EngagementDown) return -1;
      throw error;
    }
  }

  /** The home timeline is ready, but not for all of today's followees. */
  async function refill(reader: UserId): Promise<Slot> {
    try {
      const followeeSet = await followeeSets.of(reader);
      const content = await newestOf(deps, reader, followeeSet);
      // If it was evicted or dropped meanwhile, the next read fills it anew.
      return homeTimelines.find(reader) < 0 ? -1 : union(reader, content, followeeSet.digest);
    } catch (error) {
      if (error instanceof EngagementDown) return -1;
      throw error;
    }
  }

  function share(reader: UserId, make: (reader: UserId) => Promise<Slot>): Promise<Slot> {
    if (filling.size >= MAX_FILLING) {
      throw new WarbleError('overloaded', 'Too many homes are being made ready; try again in a moment.');
    }
    const filled = make(reader).finally(() => {
      if (filling.get(reader) === filled) filling.delete(reader);
    });
    filling.set(reader, filled);
    return filled;
  }

  return {
    open(reader, { digest }) {
      const slot = homeTimelines.find(reader);
      if (slot >= 0 && homeTimelines.isReady(slot)) {
        homeTimelines.touch(slot, clock.now());
        if (homeTimelines.digest(slot) === digest) return slot;
        return filling.get(reader) ?? share(reader, refill);
      }
      if (!started) return -1;
      return filling.get(reader) ?? share(reader, fill);
    },
    refill: (reader) => filling.get(reader) ?? share(reader, refill),
    start() {
      started = true;
    },
    dropAll() {
      era += 1;
      filling.clear();
      homeTimelines.removeAll();
    },
  };
}

class EngagementDown extends Error {}

/** The content of a reader's home timeline: the packed row and what came since, or all of it from facts. */
async function contentOf(
  deps: HomeLoaderDeps,
  reader: UserId,
  followeeSet: FolloweeSet,
): Promise<Backfilled> {
  const row = await loadRow(deps, reader);
  if (row === null || !isWhole(row, followeeSet)) return newestOf(deps, reader, followeeSet);
  try {
    const since = await deps.backfill.since({
      reader,
      authors: followeeSet.all,
      completeTo: row.completeTo,
      atLeast: row.floor,
    });
    return { ...since, ids: [...since.ids, ...Array.from(row.ids).reverse()] };
  } catch {
    return newestOf(deps, reader, followeeSet);
  }
}

async function newestOf(
  { backfill }: HomeLoaderDeps,
  reader: UserId,
  { all }: FolloweeSet,
): Promise<Backfilled> {
  const found = await backfill.newest({
    reader,
    authors: all,
    before: null,
    atLeast: 0,
    want: LIMITS.homeTimeline,
    strict: false,
  });
  // Without reposts it would be incomplete: better none than one with gaps.
  if (found.partial) throw new EngagementDown();
  return found;
}

async function loadRow({ timelineDb }: HomeLoaderDeps, reader: UserId): Promise<PackedHome | null> {
  try {
    return await timelineDb.load({ reader });
  } catch {
    // Rows only save work: whatever is wrong with them, the facts have everything.
    return null;
  }
}

function isWhole(row: PackedHome, followeeSet: FolloweeSet): boolean {
  if (row.digest !== followeeSet.digest) return false;
  return (
    followeeSet.newestEdge === 0 || snowflakeTime(followeeSet.newestEdge) < row.updatedAt - FOLLOW_MARGIN_MS
  );
}
