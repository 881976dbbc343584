import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeNotificationsStore } from './contract.ts';
import { openSqliteNotificationsStore } from './sqlite.ts';

function temporary() {
  const directory = mkdtempSync(join(tmpdir(), 'warble-notifications-'));
  return { directory, path: join(directory, 'notifications.db') };
}

describeNotificationsStore('on SQLite', async () => {
  const { directory, path } = temporary();
  return {
    async open() {
      const store = openSqliteNotificationsStore({ path });
      return { store, close: () => store.close() };
    },
    destroy: async () => rmSync(directory, { recursive: true }),
  };
});

test('facts and items live in two files, and what was answered outlives a crash', async () => {
  const { directory, path } = temporary();
  try {
    const store = openSqliteNotificationsStore({ path });
    await store.addMark({ userId: 1, upTo: 7, arrival: 1 });
    void store.addMark({ userId: 1, upTo: 9, arrival: 1 }).catch(() => {});
    store.crash();
    assert.ok(existsSync(path) && existsSync(join(directory, 'notifications-items.db')));
    const again = openSqliteNotificationsStore({ path });
    assert.equal((await again.mark({ userId: 1 })).upTo, 7);
    await again.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
});
