/** Opens every store of an embedded system: one file for each service, in one directory. */
import { openSqliteEngagementStore } from '#engagement/stores/sqlite.ts';
import { openSqliteNotificationsStore } from '#notifications/stores/sqlite.ts';
import type { CommitFaults, Database } from '#platform/sqlite/database.ts';
import type { SetAside } from '#platform/sqlite/derived-database.ts';
import type { Disk } from '#platform/sqlite/disk.ts';
import { openSqliteSocialStore } from '#social/stores/sqlite.ts';
import { openSqliteTopListsStore } from '#timeline/stores/sqlite/top-lists.ts';
import { openSqliteTimelineDb } from '#timeline/stores/sqlite.ts';
import { openSqliteTweetsStore } from '#tweets/stores/sqlite.ts';

export interface StoresOptions {
  /** Path of a file in the data directory. */
  file: (name: string) => string;
  disk: Disk;
  faults?: CommitFaults | undefined;
  region: string;
  /** Called when a damaged file of derived data has been replaced by an empty one. */
  onSetAside?: ((report: SetAside) => void) | undefined;
}

export type Stores = ReturnType<typeof openStores>;

export function openStores({ file, disk, faults, region, onSetAside }: StoresOptions) {
  const options = (name: string) => ({
    path: file(name),
    disk,
    region,
    ...(faults === undefined ? {} : { faults }),
  });
  const stores = {
    tweets: openSqliteTweetsStore(options('tweets.db')),
    social: openSqliteSocialStore(options('social.db')),
    engagement: openSqliteEngagementStore(options('engagement.db')),
    timelineDb: openSqliteTimelineDb({ ...options('timeline.db'), onSetAside }),
    topLists: openSqliteTopListsStore({ ...options('top-lists.db'), onSetAside }),
    notifications: openSqliteNotificationsStore({ ...options('notifications.db'), onSetAside }),
  };
  const databases: Database[] = [
    stores.tweets.db,
    stores.social.db,
    stores.engagement.db,
    stores.timelineDb.db,
    stores.topLists.db,
    stores.notifications.db,
    stores.notifications.recordsDb,
  ];
  /** The high-water marks of all stores of facts: new ids and times must be above them. */
  const { tweets, social, engagement, notifications } = stores;
  const highWaters = [tweets, social, engagement, notifications].map(({ highWater }) => highWater);
  return { ...stores, databases, highWaters };
}
