/** Puts the timeline service together: homes, top lists, and the pipeline that turns either into pages. */
import { unlessDown } from '#domain/errors.ts';
import type { Engagement } from '#engagement/engagement.ts';
import { type ChangeSource, TELLS_NOTHING } from '#platform/change-clock.ts';
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
import { createDirtySet, withChanges } from './top/dirty-set.ts';
import { createGlobalTop } from './top/global-top.ts';
import { createHomeTop } from './top/home-top.ts';
import type { TopListsStore } from './top/top-lists-store.ts';
import type { TopSnapshots } from './top/top-snapshots.ts';
import { createTopView } from './top/top-view.ts';

export interface TimelineChanges {
  tweetViews: TweetViewChanges;
  /** Told of whoever follows others, or otherwise. */
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
  /** Where what costs very much is read, a slice at a time. */
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
   * Makes the first top lists, as far as a bounded number of rows goes; to be awaited before requests come. Until
   * everything has been read, which the workers do, lists say that they are partial.
   */
  preload(): Promise<void>;
  /** Writes the homes to the Timeline DB, and keeps what leads the top lists. The stores stay open: they are whose who opened them. */
  close(): Promise<void>;
}

/** With some hundred rows each: a few tenths of a second, and all there is to read for a small server. */
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
    store: withChanges(store.view, [dirtySet, authorTops]),
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
