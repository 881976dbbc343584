import { type CommitFaults, type Database, openDatabase } from '#platform/sqlite/database.ts';
import {
  type DerivedDatabase,
  openDerivedDatabase,
  type SetAside,
} from '#platform/sqlite/derived-database.ts';
import type { Disk } from '#platform/sqlite/disk.ts';
import type { NotificationsStore } from '../notifications-store.ts';
import { createSqliteFacts } from './sqlite/facts.ts';
import { createSqliteItems } from './sqlite/notifications.ts';
import { FACTS_MIGRATIONS, ITEMS_MIGRATIONS } from './sqlite/schema.ts';

export interface SqliteNotificationsStore extends NotificationsStore {
  /** Settings, bells, muted threads, read marks. */
  db: Database;
  /** Items and the view's positions. */
  itemsDb: DerivedDatabase;
  close(): Promise<void>;
  /** Closes as `kill -9` would. */
  crash(): void;
}

/**
 * Opens the store in two files: `path` for what people decided, and beside it `…-items` for what they were told.
 * Facts need an fsync before every answer; items are derived and come back from the log, so that a fold waits for no
 * fsync and makes no read mark wait for it.
 */
export function openSqliteNotificationsStore(options: {
  path: string;
  disk?: Disk | undefined;
  faults?: CommitFaults;
  onSetAside?: ((report: SetAside) => void) | undefined;
}): SqliteNotificationsStore {
  const { path, disk, faults, onSetAside } = options;
  const db = openDatabase({ path, migrations: FACTS_MIGRATIONS, durability: 'full', disk, faults });
  const itemsPath = path === ':memory:' ? path : path.replace(/(\.[^./\\]+)?$/, '-items$1');
  const itemsDb = openDerivedDatabase({
    path: itemsPath,
    migrations: ITEMS_MIGRATIONS,
    disk,
    faults,
    onSetAside,
  });
  const facts = createSqliteFacts(db);
  const items = createSqliteItems(itemsDb);
  return {
    ...facts,
    ...items,
    // A mark names the arrivals that it covers. Where a power cut took those, others would come under their numbers.
    async addMark(request) {
      await itemsDb.flush();
      await facts.addMark(request);
    },
    db,
    itemsDb,
    async erasePerson({ userId, limit }) {
      const gone = await db.write(() => facts.erase(userId, limit));
      if (gone >= limit) return { done: false };
      const itemsGone = await itemsDb.write(() => items.erase(userId, limit - gone));
      return { done: gone + itemsGone < limit };
    },
    async close() {
      await Promise.all([db.close(), itemsDb.close()]);
    },
    crash() {
      db.crash();
      itemsDb.crash();
    },
  };
}
