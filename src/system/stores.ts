/** Opens every store of an embedded system: one file for each service, in one directory. */
import { openSqliteEngagementStore } from '#engagement/stores/sqlite.ts';
import { openSqliteNotificationsStore } from '#notifications/stores/sqlite.ts';
import type { HighWater } from '#platform/ids/high-water.ts';
import type { CommitFaults, Database } from '#platform/sqlite/database.ts';
import type { SetAside } from '#platform/sqlite/derived-database.ts';
import type { Disk } from '#platform/sqlite/disk.ts';
import { openSqliteSocialStore } from '#social/stores/sqlite.ts';
import { openSqliteTopListsStore } from '#timeline/stores/sqlite/top-lists.ts';
import { openSqliteTimelineDb } from '#timeline/stores/sqlite.ts';
import { openSqliteTweetsStore } from '#tweets/stores/sqlite.ts';
import type { Complete } from './complete.ts';

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
  const options = (name: string) => ({ path: file(name), disk, region, faults });
  const derived = (name: string) => ({ ...options(name), onSetAside, maxWaiting: undefined });
  const stores = {
    tweets: opened(openSqliteTweetsStore, options('tweets.db')),
    social: opened(openSqliteSocialStore, options('social.db')),
    engagement: opened(openSqliteEngagementStore, options('engagement.db')),
    timelineDb: opened(openSqliteTimelineDb, derived('timeline.db')),
    topLists: opened(openSqliteTopListsStore, derived('top-lists.db')),
    notifications: opened(openSqliteNotificationsStore, derived('notifications.db')),
  };
  return { ...stores, ...listsOf(stores) };
}

/** Opens a store with every option given, also those that may be left out. */
function opened<Options, Store>(open: (options: Options) => Store, options: Complete<Options>): Store {
  return open(options as Options);
}

type OpenedStore = { db: Database; recordsDb?: Database; highWater?: HighWater };

/** What is done with all stores alike, from the stores themselves, so that a new one cannot be left out. */
function listsOf(stores: Record<string, OpenedStore>): { databases: Database[]; highWaters: HighWater[] } {
  const all = Object.values(stores);
  return {
    databases: all.flatMap(({ db, recordsDb }) => (recordsDb === undefined ? [db] : [db, recordsDb])),
    /** The high-water marks of all stores of facts: new ids and times must be above them. */
    highWaters: all.flatMap(({ highWater }) => highWater ?? []),
  };
}
