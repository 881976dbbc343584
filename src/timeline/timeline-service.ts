/** Puts the timeline service together: homes, top lists, and the pipeline that turns either into pages. */

import type { Engagement } from '#engagement/engagement.ts';
import type { Clock } from '#platform/clock.ts';
import type { Random } from '#platform/random.ts';
import type { Stamps } from '#platform/stamps.ts';
import type { Worker } from '#platform/worker.ts';
import type { Live } from '#queue/live.ts';
import type { Log } from '#queue/log.ts';
import { createViewRunner, type ViewRunner } from '#queue/view-runner.ts';
import type { Social } from '#social/social.ts';
import type { Tweets } from '#tweets/tweets.ts';
import { createCards, NO_CARDS } from './feed/cards.ts';
import { createReads } from './feed/reads.ts';
import { createHomes } from './home/homes.ts';
import type { Timeline } from './timeline.ts';
import type { TimelineDb } from './timeline-db.ts';
import { createAuthorTops } from './top/author-tops.ts';
import { createGlobalTop } from './top/global-top.ts';
import { createHomeTop } from './top/home-top.ts';
import { createMarks, withChanges } from './top/marks.ts';
import type { TopListsStore } from './top/top-lists-store.ts';
import type { TopSnapshots } from './top/top-snapshots.ts';
import { createTopView } from './top/top-view.ts';

export interface TimelineServiceDeps {
  timelineDb: TimelineDb;
  topLists: TopListsStore;
  topSnapshots: TopSnapshots;
  tweets: Tweets;
  social: Social;
  engagement: Engagement;
  log: Log;
  live: Live;
  clock: Clock;
  random: Random;
  /**
   * Of every change to tweets, to what is under them, and to people, in the turn of its commit; then cards of tweets
   * are kept. Absent where the three services are other processes.
   */
  stamps?: Stamps;
}

export interface TimelineService {
  timeline: Timeline;
  workers: Worker[];
  /** The view behind the top lists: its lag, its rebuild, how far the log may be trimmed. */
  topLists: ViewRunner;
  /** Makes the first global top lists; to be awaited before requests come. */
  preload(): Promise<void>;
  /** Writes the homes to the Timeline DB. The stores stay open: they are whose who opened them. */
  close(): Promise<void>;
}

export function createTimelineService(deps: TimelineServiceDeps): TimelineService {
  const { topLists: store, topSnapshots: snapshots, tweets, social, engagement, log, clock, random } = deps;
  const { candidates, workers: homeWorkers, ...homes } = createHomes(deps);

  const marks = createMarks();
  const authorTops = createAuthorTops({ store });
  const topLists = createViewRunner({
    view: createTopView({ tweets, social, engagement }),
    store: withChanges(store.view, [marks, authorTops]),
    log,
  });
  const globalTop = createGlobalTop({ store, snapshots, marks, clock, random });
  const openHomeTop = createHomeTop({ social, authorTops, clock });
  const reads = createReads({
    tweets,
    social,
    engagement,
    homes: { candidates },
    globalTop,
    snapshots,
    openHomeTop,
    cards: deps.stamps === undefined ? NO_CARDS : createCards({ stamps: deps.stamps }),
  });

  return {
    timeline: { ...reads, ...homes },
    workers: [...homeWorkers, topLists.worker, globalTop.worker],
    topLists,
    preload: globalTop.preload,
    close: () => homes.flush(),
  };
}
