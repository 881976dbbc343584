/**
 * Homes: the home timelines that deliveries go to, and the skeletons that pages of homes are made from. A home's
 * candidates are the activities (postings and active reposts) of the followees whom the reader does not mute.
 */
import type { UserId } from '#domain/ids.ts';
import type { Engagement } from '#engagement/engagement.ts';
import type { Clock } from '#platform/clock.ts';
import { createLane, type Lane } from '#platform/lane.ts';
import type { Worker } from '#platform/worker.ts';
import type { PubSub } from '#queue/pubsub.ts';
import type { HomePosition, Timeline } from '#timeline/timeline.ts';
import type { TimelineDb } from '#timeline/timeline-db.ts';
import type { Tweets } from '#tweets/tweets.ts';
import { createHomeTimelines } from '../home-timelines/home-timelines.ts';
import { createActivityFacts } from './activity-facts.ts';
import { createBackfill } from './backfill.ts';
import { createBackfillAhead } from './backfill-ahead.ts';
import { createCandidateSource } from './candidates.ts';
import { createDeliveries } from './deliveries.ts';
import { createFanOutOnRead } from './fan-out-on-read.ts';
import type { FolloweeSets } from './followee-set.ts';
import { createHomeCheckpointer } from './home-checkpointer.ts';
import type { Candidates } from './home-entry.ts';
import { createHomeLoader } from './home-loader.ts';
import { createNewTweetsSince } from './new-tweets.ts';
import { createPaginationSessions } from './pagination-sessions.ts';
import { createReadRate } from './read-rate.ts';
import { createSkeleton } from './skeleton.ts';

export interface Homes
  extends Pick<
    Timeline,
    | 'deliver'
    | 'recordFanOutOnRead'
    | 'seenLately'
    | 'newTweetsSince'
    | 'flush'
    | 'forget'
    | 'mergeFollows'
    | 'progress'
    | 'readRate'
  > {
  /**
   * The next entries below `position.below`, or from the top: at most `limit`, fewer only at the end or where much was
   * filtered out; go on from `next`. Nothing repeats in a pagination session. The caller must check that the tweets
   * exist and that the reader may see their authors. Throws `unavailable` where tweets or social are down.
   */
  candidates(request: {
    reader: UserId;
    own: boolean;
    position: HomePosition | null;
    limit: number;
  }): Promise<Candidates>;
  workers: Worker[];
}

export interface HomesDeps {
  timelineDb: TimelineDb;
  tweets: Pick<Tweets, 'tails' | 'authorsOf'>;
  followeeSets: FolloweeSets;
  engagement: Pick<Engagement, 'repostTails' | 'repostsById' | 'repostsBy'>;
  pubsub: PubSub;
  clock: Clock;
  /** Runs expensive reads, a slice at a time. */
  lane?: Lane;
  /** The most home timelines in memory, and the memory that all of them may take. */
  maxHomeTimelines?: number;
  maxHomeTimelineBytes?: number;
}

const MAX_HOME_TIMELINES = 1_000_000;
const MAX_HOME_TIMELINE_BYTES = 1024 ** 3;

export function createHomes(deps: HomesDeps): Homes {
  const { timelineDb, tweets, followeeSets, engagement, pubsub, clock } = deps;
  const {
    maxHomeTimelines = MAX_HOME_TIMELINES,
    maxHomeTimelineBytes = MAX_HOME_TIMELINE_BYTES,
    lane = createLane(),
  } = deps;
  const homeTimelines = createHomeTimelines({ maxBytes: maxHomeTimelineBytes });
  const homeCheckpointer = createHomeCheckpointer({
    homeTimelines,
    timelineDb,
    clock,
    maxHomeTimelines,
    maxBytes: maxHomeTimelineBytes,
  });
  const facts = createActivityFacts({ tweets, engagement });
  const backfill = createBackfill({ tweets, engagement, facts, lane });
  const ahead = createBackfillAhead({ backfill, clock });
  const fanOutOnRead = createFanOutOnRead({ timelineDb, clock });
  const homeLoader = createHomeLoader({
    homeTimelines,
    timelineDb,
    followeeSets,
    backfill,
    clock,
    makeRoom: homeCheckpointer.makeRoom,
  });
  const source = createCandidateSource({ homeTimelines, homeLoader, fanOutOnRead, backfill, ahead });
  const rate = createReadRate({ clock, homes: homeTimelines.count });
  const paginationSessions = createPaginationSessions();
  // A packed home lacks what was recorded for fan-out on read, which is lost as well. So no home timeline of before may
  // be written: each is made again from facts.
  timelineDb.onLost(() => {
    homeLoader.dropAll();
    homeCheckpointer.dropEvicted();
    fanOutOnRead.dropAll();
  });
  const skeleton = createSkeleton({
    followeeSets,
    source,
    facts,
    paginationSessions,
    engagement,
    clock,
    onRead: rate.note,
  });
  return {
    ...skeleton,
    ...createNewTweetsSince({ followeeSets, source, tweets }),
    ...createDeliveries({
      homeTimelines,
      homeLoader,
      homeCheckpointer,
      followeeSets,
      backfill,
      facts,
      pubsub,
    }),
    recordFanOutOnRead: fanOutOnRead.record,
    readRate: async () => rate.now(),
    flush: homeCheckpointer.flush,
    async forget({ user }) {
      await homeCheckpointer.forget(user);
      fanOutOnRead.forget(user);
    },
    workers: [homeCheckpointer.worker],
  };
}
