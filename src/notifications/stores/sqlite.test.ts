import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Disk } from '#platform/sqlite/disk.ts';
import { createInThreadDisk } from '#platform/sqlite/in-thread-disk.ts';
import { describeNotificationsStore } from './notifications-store.conformance.ts';
import { NOTIFICATIONS_MIGRATIONS } from './sqlite/schema.ts';
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

test('a file in which arrivals were counted for everybody goes on above that count', async () => {
  const { directory, path } = temporary();
  try {
    const older = new DatabaseSync(join(directory, 'notifications-items.db'));
    for (const script of NOTIFICATIONS_MIGRATIONS.slice(0, 2)) older.exec(script);
    older.exec('UPDATE arrivals SET newest = 50; PRAGMA user_version = 2');
    older.close();
    const store = openSqliteNotificationsStore({ path });
    const [ann, bob] = [1, 2];
    assert.equal(await store.arrival({ recipient: ann }), 50, 'as its read markers have it');
    const { epoch, live } = await store.views.claim(3);
    const like = { recipient: ann, id: 7, type: 'like', tweetId: 5, commentId: null, actor: bob } as const;
    const patch = { changes: [{ change: 'add', notification: like } as const], bellJobs: [], scanned: false };
    const { generation, positions } = live;
    const commit = { partition: 3, epoch, generation, expected: positions, next: positions, patch };
    assert.ok(await store.views.commit(commit));
    assert.equal((await store.notifications({ recipient: ann }))[0]!.arrival, 51);
    assert.equal(await store.arrival({ recipient: bob }), 50);
    await store.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
});
