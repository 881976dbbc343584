import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import type { Disk } from '#platform/sqlite/disk.ts';
import { createInThreadDisk } from '#platform/sqlite/in-thread-disk.ts';
import { describeNotificationsStore } from './notifications-store.conformance.ts';
import { openSqliteNotificationsStore } from './sqlite.ts';

function temporary() {
  const directory = mkdtempSync(join(tmpdir(), 'warble-notifications-'));
  return { directory, path: join(directory, 'notifications.db') };
}

describeNotificationsStore('on SQLite', async () => {
  const { directory, path } = temporary();
  return {
    open: async () => openSqliteNotificationsStore({ path }),
    destroy: async () => rmSync(directory, { recursive: true }),
  };
});

test('a marker is kept only when the arrivals that it covers are on the disk', async () => {
  const { directory, path } = temporary();
  const synced: string[] = [];
  const inner = createInThreadDisk();
  const disk: Disk = {
    ...inner,
    file(of) {
      const file = inner.file(of);
      return {
        ...file,
        async sync() {
          synced.push(basename(of));
          await file.sync();
        },
      };
    },
  };
  const store = openSqliteNotificationsStore({ path, disk });
  try {
    await store.addReadMarker({ userId: 1, upTo: 7, arrival: 0 });
    assert.deepEqual(synced, ['notifications-items.db', 'notifications.db']);
  } finally {
    await store.close();
    rmSync(directory, { recursive: true });
  }
});

test('facts and notifications live in two files, and what was answered outlives a crash', async () => {
  const { directory, path } = temporary();
  try {
    const store = openSqliteNotificationsStore({ path });
    await store.addReadMarker({ userId: 1, upTo: 7, arrival: 1 });
    void store.addReadMarker({ userId: 1, upTo: 9, arrival: 1 }).catch(() => {});
    store.crash();
    assert.ok(existsSync(path) && existsSync(join(directory, 'notifications-items.db')));
    const again = openSqliteNotificationsStore({ path });
    assert.equal((await again.readMarker({ userId: 1 })).upTo, 7);
    await again.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
});
