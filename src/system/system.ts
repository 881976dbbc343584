/**
 * The composition root: it makes services of stores, and a system of services. Nothing above it knows which stores are
 * used; nothing below it knows that everything is one process.
 */
import { createCommentSweeper } from '#engagement/comment-sweeper.ts';
import type { Engagement } from '#engagement/engagement.ts';
import { createEngagementService } from '#engagement/engagement-service.ts';
import type { EngagementStore } from '#engagement/engagement-store.ts';
import { createDeadTweetSweeper, createEngagementPruner } from '#engagement/engagement-upkeep.ts';
import { createCachedEngagementStore } from '#engagement/stores/cached.ts';
import { createFanout, type Fanout, type FanoutDeps } from '#fanout/fanout.ts';
import { NO_ACCOUNT_NOTICES } from '#notifications/account-notices.ts';
import type { AccountNotices, Notifications } from '#notifications/notifications.ts';
import { createNotificationsService, type NotificationsDeps } from '#notifications/notifications-service.ts';
import { type CacheStats, createCacheStats } from '#platform/cache-stats.ts';
import type { Clock } from '#platform/clock.ts';
import { createMinter, type Minter } from '#platform/ids/minter.ts';
import { createLane } from '#platform/lane.ts';
import type { Random } from '#platform/random.ts';
import type { CommitFaults } from '#platform/sqlite/database.ts';
import type { SetAside } from '#platform/sqlite/derived-database.ts';
import type { Disk } from '#platform/sqlite/disk.ts';
import { createInThreadDisk } from '#platform/sqlite/in-thread-disk.ts';
import { createLogEmptier } from '#platform/sqlite/log-emptier.ts';
import { createSteadyClock, type SteadyClock } from '#platform/steady-clock.ts';
import { processAll, type Worker } from '#platform/worker.ts';
import type { Log } from '#queue/log.ts';
import { joinLogs } from '#queue/log.ts';
import { createLogTrimmer, type LogReader } from '#queue/log-trimmer.ts';
import { createPubSub, type PubSub } from '#queue/pubsub.ts';
import { catchUp, type ViewRunner } from '#queue/view-runner.ts';
import { createProtectionMigrator } from '#social/protection-migration.ts';
import type { Social } from '#social/social.ts';
import { createSocialService } from '#social/social-service.ts';
import { createCachedSocialStore } from '#social/stores/cached.ts';
import { createMemoryTopSnapshots } from '#timeline/stores/memory/top-snapshots.ts';
import type { Timeline } from '#timeline/timeline.ts';
import { createTimelineService, type TimelineServiceDeps } from '#timeline/timeline-service.ts';
import { createIdempotencyPruner } from '#tweets/idempotency-pruner.ts';
import { createOrphanCommentSweeper } from '#tweets/orphan-comment-sweeper.ts';
import { createCachedTweetsStore } from '#tweets/stores/cached.ts';
import type { Tweets } from '#tweets/tweets.ts';
import { createTweetsService } from '#tweets/tweets-service.ts';
import type { TweetsStore } from '#tweets/tweets-store.ts';
import { closeAll } from './close-all.ts';
import { type Complete, complete, type Nothing } from './complete.ts';
import { openStores, type Stores, type StoresOptions } from './stores.ts';

export interface Services {
  tweets: Tweets;
  social: Social;
  engagement: Engagement;
  timeline: Timeline;
  notifications: Notifications;
}

export interface System {
  services: Services;
  log: Log;
  pubsub: PubSub;
  /** The clock of this process, which everything in it uses. */
  clock: SteadyClock;
  minter: Minter;
  /** All background work. The owner runs the workers (see worker.ts), or steps them itself. */
  workers: Worker[];
  fanout: Fanout;
  /** Syncs and checkpoints the stores, and any others of this directory. */
  disk: Disk;
  /** The stores, for loading in bulk. */
  stores: Stores;
  /** Views by name, for lag, rebuilds and metrics. */
  views: Record<string, ViewRunner>;
  /** Caches by name. */
  cacheStats(): Record<string, CacheStats>;
  /** Adds a view of the gateway, for which the log is kept too. To be called before the workers run. */
  addView(name: string, view: ViewRunner): void;
  /** Sets the source of account notices, which the gateway opens. To be called before the first request. */
  useAccounts(accounts: AccountNotices): void;
  /** Steps every worker until none has anything left to do. Throws after too many rounds. */
  processAll(): Promise<void>;
  /** Writes homes and closes every store. To be called when no request and no worker is running any more. */
  close(): Promise<void>;
  /** Ends as `kill -9` would: uncommitted writes are lost, and nothing is answered. */
  crash(): void;
}

export interface SystemDeps {
  /** Path of a file in the data directory. */
  file: (name: string) => string;
  /** The machine's. */
  clock: Clock;
  random: Random;
  region?: string;
  /** Closed with the system. By default it works on this thread. */
  disk?: Disk;
  faults?: CommitFaults;
  /** Called when a damaged file of derived data has been replaced by an empty one. */
  onSetAside?: (report: SetAside) => void;
  /** Called when an activity has reached its last follower, this long after it was made. */
  onDelivered?: (delay_ms: number) => void;
}

/** How many steps a view may take at start-up; a step handles up to 256 events of each of 16 partitions. */
const CATCH_UP_STEPS = 20;

/** Bounds and costs of fan-out that only tests and benchmarks set. */
const AS_FANOUT_CHOOSES = { pushOrPull: undefined, maxFollowerIds: undefined };

/** Opens a whole embedded system on one directory, which this process must have locked. */
export async function createSystem(deps: SystemDeps): Promise<System> {
  const {
    file,
    random,
    clock: machineClock,
    region = 'local',
    disk = createInThreadDisk(),
    ...callbacks
  } = deps;
  const { faults, onSetAside, onDelivered, ...others } = callbacks;
  others satisfies Nothing;
  const clock = createSteadyClock(machineClock);
  const stores = openStores(complete<StoresOptions>({ file, disk, faults, region, onSetAside }));
  const minter = createMinter({ clock });
  for (const highWater of stores.highWaters) minter.keepIn(highWater);
  const log = joinLogs([stores.tweets.log, stores.social.log, stores.engagement.log]);
  const pubsub = createPubSub();

  const { tweetsStore, socialStore, engagementStore, cacheStats } = cached(stores);
  const social = createSocialService({ store: socialStore, minter, clock });
  const tweets = createTweetsService({ store: tweetsStore, social, minter, clock });
  const engagement = createEngagementService({ store: engagementStore, tweets, social, minter, clock });
  const below = { tweets, social, engagement, log, pubsub, clock, lane: createLane() };
  const timelines = openTimelines(stores, random, below);
  const { timeline } = timelines;
  const notifications = openNotifications(stores, timeline, below);
  const fanout = createFanout(
    complete<FanoutDeps>({ ...below, timeline, onDelivered, ...AS_FANOUT_CHOOSES }),
  );

  const views: Record<string, ViewRunner> = {
    'top-lists': timelines.topLists,
    notifications: notifications.view,
  };
  const readers: LogReader[] = [timelines.topLists, notifications.view, fanout];
  const workers: Worker[] = [
    clock.worker,
    ...fanout.workers,
    ...timelines.workers,
    ...notifications.workers,
    createProtectionMigrator({ store: socialStore, minter, clock }),
    ...upkeepOf({ tweetsStore, engagementStore, tweets, clock }),
    createLogTrimmer({ log, readers }),
    createLogEmptier(stores.databases),
  ];
  await timelines.preload();
  await catchUp(notifications.view, CATCH_UP_STEPS);

  return {
    services: { tweets, social, engagement, timeline, notifications: notifications.notifications },
    log,
    pubsub,
    clock,
    minter,
    workers,
    fanout,
    disk,
    stores,
    views,
    cacheStats: () => cacheStats,
    addView(name, view) {
      readers.push(view);
      views[name] = view;
    },
    useAccounts: notifications.useAccounts,
    processAll: () => processAll(workers),
    close: () =>
      closeAll(
        () => fanout.close(),
        () => timelines.close(),
        ...stores.databases.map((db) => () => db.close()),
        () => disk.close(),
      ),
    crash() {
      for (const db of stores.databases) db.crash();
    },
  };
}

/** What timelines stand on beside their own stores. */
type TimelinesBelow = Omit<
  Complete<TimelineServiceDeps>,
  'timelineDb' | 'topLists' | 'topSnapshots' | 'random' | 'changes'
>;

/** What removes the leftovers of deletions and of crashes. */
function upkeepOf(deps: {
  tweetsStore: TweetsStore;
  engagementStore: EngagementStore;
  tweets: Tweets;
  clock: Clock;
}): Worker[] {
  const { tweetsStore, engagementStore, tweets, clock } = deps;
  return [
    createCommentSweeper({ store: engagementStore, tweets, clock }),
    createEngagementPruner({ store: engagementStore, clock }),
    createDeadTweetSweeper({ store: engagementStore, tweets, clock }),
    createIdempotencyPruner({ store: tweetsStore, clock }),
    createOrphanCommentSweeper({ store: tweetsStore, clock }),
  ];
}

function openTimelines(stores: Stores, random: Random, below: TimelinesBelow) {
  return createTimelineService(
    complete<TimelineServiceDeps>({
      ...below,
      timelineDb: stores.timelineDb,
      topLists: stores.topLists,
      topSnapshots: createMemoryTopSnapshots({ clock: below.clock }),
      random,
      changes: {
        tweetViews: [stores.tweets.changes, stores.engagement.changes, stores.social.changes.profiles],
        followees: stores.social.changes.followees,
      },
    }),
  );
}

function openNotifications(
  stores: Stores,
  timeline: Timeline,
  below: Omit<Complete<NotificationsDeps>, 'store' | 'timeline' | 'accounts'>,
) {
  let accounts = NO_ACCOUNT_NOTICES;
  const service = createNotificationsService(
    complete<NotificationsDeps>({
      ...below,
      store: stores.notifications,
      timeline,
      accounts: { notices: (request) => accounts.notices(request) },
    }),
  );
  return {
    ...service,
    useAccounts(its: AccountNotices) {
      accounts = its;
    },
  };
}

/** The stores with caches in front, and how often those answer. */
function cached(stores: Stores) {
  const cacheStats = {
    tweets: createCacheStats(),
    users: createCacheStats(),
    engagement: createCacheStats(),
  };
  return {
    tweetsStore: createCachedTweetsStore({ store: stores.tweets, stats: cacheStats.tweets }),
    socialStore: createCachedSocialStore({ store: stores.social, stats: cacheStats.users }),
    engagementStore: createCachedEngagementStore({ store: stores.engagement, stats: cacheStats.engagement }),
    cacheStats,
  };
}
