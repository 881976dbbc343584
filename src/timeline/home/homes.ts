/**
 * Homes: rings that deliveries go to, and the skeleton that a page of a home is made from. A home's candidates are
 * the activities (postings and standing reposts) of those whom the reader follows now and does not mute.
 */
import type { UserId } from '#domain/ids.ts';
import type { Engagement } from '#engagement/engagement.ts';
import type { Clock } from '#platform/clock.ts';
import { createLane, type Lane } from '#platform/lane.ts';
import type { Worker } from '#platform/worker.ts';
import type { Live } from '#queue/pubsub.ts';
import type { Social } from '#social/social.ts';
import type { HomePlace, Timeline } from '#timeline/timeline.ts';
import type { TimelineDb } from '#timeline/timeline-db.ts';
import type { Tweets } from '#tweets/tweets.ts';
import { createRings } from '../home-timelines/home-timelines.ts';
import { createActivityFacts } from './activity-facts.ts';
import { createPull } from './backfill.ts';
import { createCandidateSource } from './candidates.ts';
import { createDeliveries } from './deliveries.ts';
import { createPulledActors } from './fan-out-on-read.ts';
import { createCircles } from './followee-set.ts';
import { createKeeping } from './home-checkpointer.ts';
import type { Candidates } from './home-entry.ts';
import { createOpening } from './home-loader.ts';
import { createNews } from './new-tweets.ts';
import { createWalks } from './pagination-sessions.ts';
import { createReadingRate } from './read-rate.ts';
import { createSkeleton } from './skeleton.ts';

export interface Homes
  extends Pick<
    Timeline,
    | 'deliver'
    | 'recordPulled'
    | 'seenLately'
    | 'newSince'
    | 'flush'
    | 'forget'
    | 'mergeFollows'
    | 'progress'
    | 'demand'
  > {
  /**
   * The next entries below `place.below`, or from the top; at most `limit`, fewer only at the end or where much was
   * filtered out: ask on from `next`. Nothing repeats in a walk. Tweets' text, deletion and authors are the caller's
   * to check. Throws `unavailable` where tweets or social do not answer and nothing can be said.
   */
  candidates(request: {
    reader: UserId;
    own: boolean;
    place: HomePlace | null;
    limit: number;
  }): Promise<Candidates>;
  workers: Worker[];
}

export interface HomesDeps {
  timelineDb: TimelineDb;
  tweets: Pick<Tweets, 'tails' | 'authorsOf'>;
  social: Pick<Social, 'followeesOf' | 'view'>;
  engagement: Pick<Engagement, 'repostTails' | 'repostsById' | 'repostsBy'>;
  live: Live;
  clock: Clock;
  /** Where what costs very much is read, a slice at a time. */
  lane?: Lane;
  /** Homes in memory, and the memory of all rings together. */
  maxRings?: number;
  maxRingBytes?: number;
}

const MAX_RINGS = 1_000_000;
const MAX_RING_BYTES = 1024 ** 3;

export function createHomes(deps: HomesDeps): Homes {
  const { timelineDb, tweets, social, engagement, live, clock } = deps;
  const { maxRings = MAX_RINGS, maxRingBytes = MAX_RING_BYTES, lane = createLane() } = deps;
  const rings = createRings({ maxBytes: maxRingBytes });
  const keeping = createKeeping({ rings, timelineDb, clock, maxRings, maxBytes: maxRingBytes });
  const circles = createCircles({ social });
  const facts = createActivityFacts({ tweets, engagement });
  const pull = createPull({ tweets, engagement, facts, lane });
  const pulledActors = createPulledActors({ timelineDb });
  const opening = createOpening({ rings, timelineDb, circles, pull, clock, makeRoom: keeping.makeRoom });
  const source = createCandidateSource({ rings, opening, pulledActors, pull });
  const rate = createReadingRate({ clock, homes: rings.count });
  const walks = createWalks();
  // A row holds what was delivered and not pulled; what was recorded as pulled before it is gone with the others. So
  // no ring that stands may be written: each is made again from facts.
  timelineDb.onLost(() => {
    opening.dropAll();
    keeping.dropEvicted();
    pulledActors.dropAll();
  });
  const skeleton = createSkeleton({ circles, source, facts, walks, engagement, clock, onRead: rate.note });
  return {
    ...skeleton,
    ...createNews({ circles, source, tweets }),
    ...createDeliveries({ rings, opening, keeping, circles, pull, facts, live }),
    recordPulled: pulledActors.record,
    demand: async () => rate.now(),
    flush: keeping.flush,
    forget: ({ person }) => keeping.forget(person),
    workers: [keeping.worker],
  };
}
