import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInThreadDisk } from '#platform/sqlite/in-thread-disk.ts';
import type { EngagementBackend } from '../testing/store-kit.ts';
import { createCachedEngagementStore } from './cached.ts';
import { describeEngagementStore } from './engagement-store.conformance.ts';
import { openSqliteEngagementStore, type SqliteEngagementStore } from './sqlite.ts';

type Open = (path: string) => SqliteEngagementStore;
const openPlain: Open = (path) => openSqliteEngagementStore({ path });
/** As in one of several processes, which does not hear of the others' commits: nothing may be kept. */
const openCached: Open = (path) => {
  const store = openPlain(path);
  return { ...store, ...createCachedEngagementStore({ store }) };
};

async function twoHandles(open: Open): Promise<EngagementBackend> {
  const directory = mkdtempSync(join(tmpdir(), 'warble-engagement-'));
  const path = join(directory, 'engagement.db');
  const opened = [open(path), open(path)] as const;
  return {
    one: opened[0],
    two: opened[1],
    async remove() {
      for (const store of opened) await store.db.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** The cache is for a file's sole owner, so both names are the one handle there may be. */
async function cached(capacity: number): Promise<EngagementBackend> {
  const directory = mkdtempSync(join(tmpdir(), 'warble-engagement-'));
  const plain = openSqliteEngagementStore({
    path: join(directory, 'engagement.db'),
    disk: createInThreadDisk(),
  });
  const handle = { ...plain, ...createCachedEngagementStore({ store: plain, capacity }) };
  return {
    one: handle,
    two: handle,
    async remove() {
      await plain.db.close();
      rmSync(directory, { recursive: true });
    },
  };
}

describeEngagementStore('on SQLite, two handles', () => twoHandles(openPlain));
describeEngagementStore('on SQLite, with a cache on each of two handles', () => twoHandles(openCached));
describeEngagementStore('on SQLite, cached', () => cached(1_000));
describeEngagementStore('on SQLite, with a cache that holds one tweet', () => cached(1));
