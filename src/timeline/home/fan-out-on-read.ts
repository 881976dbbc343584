/**
 * Activities that were not pushed: they are merged, at reading, into the homes of their actor's followers. All tails
 * are kept in memory as well as in their rows. Fan-out's `minAudience` bounds their number: with a million homes of 262
 * followees each, at most some 5,000 actors have 50,000 such followers, which makes 33 MB.
 */
import type { ActivityId, Snowflake, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { FanOutOnReadTail, TimelineDb } from '../timeline-db.ts';
import type { FolloweeSet } from './followee-set.ts';

export interface FanOutOnRead {
  /** Records activities that are not pushed; durable when it resolves. */
  record(request: { actor: UserId; activities: ActivityId[] }): Promise<void>;
  /** Drops every tail, because the Timeline DB has lost them. */
  dropAll(): void;
  /** The tails of the followees whose activities are fanned out on read, and the floor down to which all reach. */
  of(followeeSet: FolloweeSet): Promise<FanOutOnReadTails>;
}
export interface FanOutOnReadTails {
  tails: FanOutOnReadTail[];
  floor: Snowflake;
}

const NOTHING: FanOutOnReadTails = { tails: [], floor: 0 };
const MAX_TAILS_PER_SCAN = 1_000;

export function createFanOutOnRead({
  timelineDb,
}: {
  timelineDb: Pick<TimelineDb, 'addFanOutOnRead' | 'scanFanOutOnRead'>;
}): FanOutOnRead {
  const tails = new Map<UserId, FanOutOnReadTail>();
  let loading: Promise<void> | null = null;

  async function load(): Promise<void> {
    for (let after: UserId | null = 0; after !== null; ) {
      const page: Awaited<ReturnType<TimelineDb['scanFanOutOnRead']>> = await timelineDb.scanFanOutOnRead({
        after,
        limit: MAX_TAILS_PER_SCAN,
      });
      // A tail recorded while loading is newer than the one on the page.
      for (const tail of page.tails) if (!tails.has(tail.actor)) tails.set(tail.actor, tail);
      after = page.next;
    }
  }
  function loaded(): Promise<void> {
    loading ??= load().catch((error: unknown) => {
      loading = null;
      throw error;
    });
    return loading;
  }

  return {
    async record({ actor, activities }) {
      tails.set(actor, await timelineDb.addFanOutOnRead({ actor, activities, keep: LIMITS.homeTimeline }));
    },
    dropAll() {
      tails.clear();
    },
    async of({ allowed, followedSince }) {
      await loaded();
      const found: FanOutOnReadTail[] = [];
      if (tails.size < allowed.length) {
        for (const tail of tails.values()) if (followedSince.has(tail.actor)) found.push(tail);
      } else {
        for (const actor of allowed) {
          const tail = tails.get(actor);
          if (tail !== undefined) found.push(tail);
        }
      }
      return partsOf(found);
    },
  };
}

function partsOf(tails: FanOutOnReadTail[]): FanOutOnReadTails {
  return tails.length === 0 ? NOTHING : { tails, floor: Math.max(...tails.map(({ floor }) => floor)) };
}
