/** Puts the timeline service together: homes, top lists, and the pipeline that turns either into pages. */
import { unlessDown } from '#domain/errors.ts';
import type { Engagement } from '#engagement/engagement.ts';
import { type ChangeSource, TELLS_NOTHING } from '#platform/change-source.ts';
import type { Clock } from '#platform/clock.ts';
import type { Lane } from '#platform/lane.ts';
import type { Random } from '#platform/random.ts';
import type { Worker } from '#platform/worker.ts';
import type { Log } from '#queue/log.ts';
import type { PubSub } from '#queue/pubsub.ts';
import { catchUp, createViewRunner, type ViewRunner } from '#queue/view-runner.ts';
import type { Social } from '#social/social.ts';
import type { Tweets } from '#tweets/tweets.ts';
import { createReads } from './feed/reads.ts';
import { createTweetViewCache, type TweetViewChanges } from './feed/tweet-view-cache.ts';
import { createFolloweeSets } from './home/followee-set.ts';
import { createHomes } from './home/homes.ts';
import type { Timeline } from './timeline.ts';
import type { TimelineDb } from './timeline-db.ts';
import { createAuthorTops } from './top/author-tops.ts';
import { createDirtySet, withDirtySet } from './top/dirty-set.ts';
import { createGlobalTop } from './top/global-top.ts';
import { createHomeTop } from './top/home-top.ts';
import type { TopListsStore } from './top/top-lists-store.ts';
import type { TopSnapshots } from './top/top-snapshots.ts';
import { createTopView } from './top/top-view.ts';

export interface TimelineChanges {
  tweetViews: TweetViewChanges;
  /** Reports the readers whose followees change. */
  followees: ChangeSource;
}

export interface TimelineServiceDeps {
  timelineDb: TimelineDb;
  topLists: TopListsStore;
  topSnapshots: TopSnapshots;
  tweets: Tweets;
  social: Social;
  engagement: Engagement;
  log: Log;
  pubsub: PubSub;
  clock: Clock;
  random: Random;
  /** Runs expensive reads, a slice at a time. */
  lane?: Lane;
  /** What the services below change; absent where they are other processes, which tell nothing. */
  changes?: TimelineChanges;
}

export interface TimelineService {
  timeline: Timeline;
  workers: Worker[];
  /** The view behind the top lists: its lag, its rebuild, how far the log may be trimmed. */
  topLists: ViewRunner;
  /**
   * Makes the first top lists from a bounded number of rows; await it before requests are served. Lists say that they
   * are partial until the workers have read everything.
   */
  preload(): Promise<void>;
  /** Saves the homes and the top-k indexes. The stores stay open: whoever opened them closes them. */
  close(): Promise<void>;
}

/** Some hundred rows each: a few tenths of a second in all, and everything that a small server has. */
const PRELOAD_STEPS = 50;

const NOT_TOLD: TimelineChanges = { tweetViews: [TELLS_NOTHING], followees: TELLS_NOTHING };

export function createTimelineService(deps: TimelineServiceDeps): TimelineService {
  const { topLists: store, topSnapshots: snapshots, tweets, social, engagement, log, clock, random } = deps;
  const { changes = NOT_TOLD } = deps;
  const followeeSets = createFolloweeSets({ social, changes: changes.followees });
  const { candidates, workers: homeWorkers, ...homes } = createHomes({ ...deps, followeeSets });

  const dirtySet = createDirtySet();
  const authorTops = createAuthorTops({ store });
  const topLists = createViewRunner({
    view: createTopView({ tweets, social, engagement }),
    store: withDirtySet(store.view, dirtySet),
    log,
  });
  const { isWhole } = topLists;
  const globalTop = createGlobalTop({ store, snapshots, dirtySet, clock, random, isWhole });
  const openHomeTop = createHomeTop({ followeeSets, authorTops, clock, isWhole });
  const reads = createReads({
    tweets,
    social,
    engagement,
    homes: { candidates },
    globalTop,
    snapshots,
    openHomeTop,
    tweetViewCache: createTweetViewCache({ changes: changes.tweetViews }),
  });

  return {
    timeline: { ...reads, ...homes },
    workers: [...homeWorkers, topLists.worker, globalTop.worker],
    topLists,
    async preload() {
      await unlessDown(globalTop.restore());
      await catchUp(topLists, PRELOAD_STEPS);
      for (let step = 0; step < PRELOAD_STEPS && isWhole() && globalTop.isFilling(); step++) {
        await unlessDown(globalTop.worker.step());
      }
    },
    async close() {
      await homes.flush();
      await globalTop.keep();
    },
  };
}
