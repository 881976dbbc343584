import { createSqliteHighWater } from '#platform/ids/high-water.ts';
import type { CommitFaults, Database } from '#platform/sqlite/database.ts';
import {
  type DerivedDatabase,
  openDerivedDatabase,
  type SetAside,
} from '#platform/sqlite/derived-database.ts';
import type { Disk } from '#platform/sqlite/disk.ts';
import { openDatabase } from '#platform/sqlite/open-database.ts';
import type { OpenedNotificationsStore } from '../notifications-store.ts';
import { createSqliteFacts } from './sqlite/facts.ts';
import { createSqliteNotifications } from './sqlite/notifications.ts';
import { FACTS_MIGRATIONS, NOTIFICATIONS_MIGRATIONS } from './sqlite/schema.ts';

export interface SqliteNotificationsStore extends OpenedNotificationsStore {
  /** Settings, bells, muted threads, read markers. */
  db: Database;
  /** Notifications and the view's positions. */
  recordsDb: DerivedDatabase;
  /** Closes as `kill -9` would. */
  crash(): void;
}

/**
 * Opens the store in two files: `path` for what users decided, and beside it `…-items` for what they were told.
 * Facts need an fsync before every answer. Notifications are derived and can be rebuilt from the log, so a fold waits for
 * no fsync, and no read marker waits for a fold.
 */
export function openSqliteNotificationsStore(options: {
  path: string;
  disk?: Disk | undefined;
  faults?: CommitFaults;
  onSetAside?: ((report: SetAside) => void) | undefined;
}): SqliteNotificationsStore {
  const { path, disk, faults, onSetAside } = options;
  const db = openDatabase({ path, migrations: FACTS_MIGRATIONS, durability: 'full', disk, faults });
  const recordsPath = path === ':memory:' ? path : path.replace(/(\.[^./\\]+)?$/, '-items$1');
  const recordsDb = openDerivedDatabase({
    path: recordsPath,
    migrations: NOTIFICATIONS_MIGRATIONS,
    disk,
    faults,
    onSetAside,
  });
  const facts = createSqliteFacts(db);
  const notifications = createSqliteNotifications(recordsDb);
  return {
    ...facts,
    ...notifications,
    // A marker names the arrivals that it covers. If a power cut lost those, others would get their numbers.
    async addReadMarker(request) {
      await recordsDb.flush();
      await facts.addReadMarker(request);
    },
    db,
    recordsDb,
    highWater: createSqliteHighWater(db),
    async eraseUser({ userId, limit }) {
      const gone = await db.write(() => facts.erase(userId, limit));
      if (gone >= limit) return { done: false };
      const recordsGone = await recordsDb.write(() => notifications.erase(userId, limit - gone));
      return { done: gone + recordsGone < limit };
    },
    async close() {
      await Promise.all([db.close(), recordsDb.close()]);
    },
    crash() {
      db.crash();
      recordsDb.crash();
    },
  };
}
