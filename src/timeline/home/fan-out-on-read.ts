/**
 * Activities that were not pushed: they are merged, at reading, into the homes of their actor's followers. The Timeline
 * DB has them. Which actors have any is known here, at most a second late where other processes record too; their tails
 * are read when a page is made, or kept where this process is the database's sole owner, which hears of each change.
 * Fan-out's `minAudience` bounds the actors: with a million homes of 262 followees each, at most some 5,000 have 50,000
 * such followers.
 */
import type { ActivityId, Snowflake, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Clock } from '#platform/clock.ts';
import { createCoherentCache } from '#platform/coherent-cache.ts';
import type { FanOutOnReadTail, TimelineDb } from '../timeline-db.ts';
import type { FolloweeSet } from './followee-set.ts';

export interface FanOutOnRead {
  /** Records activities that are not pushed; durable when it resolves, and merged from then on. */
  record(request: { actor: UserId; activities: ActivityId[] }): Promise<void>;
  /** An erased user has none any more. */
  forget(user: UserId): void;
  /** Forgets which actors have any, because the Timeline DB has lost them. */
  dropAll(): void;
  /**
   * The tails of the followees whose activities are fanned out on read, and the floor down to which all reach. null:
   * they cannot be read now, so that only facts have everything.
   */
  of(followeeSet: FolloweeSet): Promise<FanOutOnReadTails | null>;
}
export interface FanOutOnReadTails {
  tails: FanOutOnReadTail[];
  floor: Snowflake;
}

export interface FanOutOnReadDeps {
  timelineDb: Pick<
    TimelineDb,
    'addFanOutOnRead' | 'fanOutOnReadActors' | 'fanOutOnReadTails' | 'tailChanges'
  >;
  clock: Pick<Clock, 'monotonic'>;
}

const NOTHING: FanOutOnReadTails = { tails: [], floor: 0 };
const MAX_ACTORS_PER_READ = 1_000;
/** Kept tails, some 6.5 KB each. */
const MAX_TAILS = 10_000;
/** How old the set of actors may be where others record too. */
const ACTORS_KEPT_MS = 1_000;

export function createFanOutOnRead({ timelineDb, clock }: FanOutOnReadDeps): FanOutOnRead {
  const actors = createActorSet(timelineDb, clock);
  const kept = createCoherentCache<UserId, FanOutOnReadTail>({
    changes: [timelineDb.tailChanges],
    max: MAX_TAILS,
  });

  async function tailsOf(wanted: UserId[]): Promise<FanOutOnReadTail[]> {
    const tails: FanOutOnReadTail[] = [];
    const unknown: UserId[] = [];
    for (const actor of wanted) {
      const tail = kept.get(actor);
      if (tail === undefined) unknown.push(actor);
      else tails.push(tail);
    }
    for (let from = 0; from < unknown.length; from += MAX_ACTORS_PER_READ) {
      const some = unknown.slice(from, from + MAX_ACTORS_PER_READ);
      const read = await kept.fill(async (keep) => {
        const found = await timelineDb.fanOutOnReadTails({ actors: some });
        for (const tail of found) keep(tail.actor, tail);
        return found;
      });
      tails.push(...read);
    }
    return tails;
  }

  return {
    async record({ actor, activities }) {
      await timelineDb.addFanOutOnRead({ actor, activities, keep: LIMITS.homeTimeline });
      actors.add(actor);
    },
    forget: actors.remove,
    dropAll: actors.dropAll,
    async of({ allowed, followedSince }) {
      try {
        const known = await actors.current();
        const wanted =
          known.size < allowed.length
            ? [...known].filter((actor) => followedSince.has(actor))
            : allowed.filter((actor) => known.has(actor));
        return wanted.length === 0 ? NOTHING : partsOf(await tailsOf(wanted));
      } catch {
        return null;
      }
    },
  };
}

/** The actors that have a tail. */
interface ActorSet {
  add(actor: UserId): void;
  remove(actor: UserId): void;
  dropAll(): void;
  current(): Promise<ReadonlySet<UserId>>;
}

function createActorSet(
  timelineDb: FanOutOnReadDeps['timelineDb'],
  clock: FanOutOnReadDeps['clock'],
): ActorSet {
  const { soleOwner } = timelineDb.tailChanges;
  let known = new Set<UserId>();
  let isComplete = false;
  let readAt_ms = 0;
  let reading: Promise<void> | null = null;
  /** Recorded since the reading began, so perhaps behind its pages. */
  let recorded: UserId[] = [];

  async function read(): Promise<void> {
    recorded = [];
    const began_ms = clock.monotonic();
    const found = new Set<UserId>();
    for (let after: UserId | null = 0; after !== null; ) {
      const page: Awaited<ReturnType<TimelineDb['fanOutOnReadActors']>> = await timelineDb.fanOutOnReadActors(
        { after, limit: MAX_ACTORS_PER_READ },
      );
      for (const actor of page.actors) found.add(actor);
      after = page.next;
    }
    for (const actor of recorded) found.add(actor);
    known = found;
    readAt_ms = began_ms;
    isComplete = true;
  }
  const isDue = () => !isComplete || (!soleOwner && clock.monotonic() - readAt_ms >= ACTORS_KEPT_MS);

  return {
    add(actor) {
      known.add(actor);
      if (reading !== null) recorded.push(actor);
    },
    remove(actor) {
      known.delete(actor);
    },
    dropAll() {
      known.clear();
    },
    async current() {
      if (isDue()) {
        reading ??= read().finally(() => {
          reading = null;
        });
        await reading;
      }
      return known;
    },
  };
}

function partsOf(tails: FanOutOnReadTail[]): FanOutOnReadTails {
  return { tails, floor: tails.reduce((highest, { floor }) => Math.max(highest, floor), 0) };
}
