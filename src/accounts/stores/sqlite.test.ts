import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Disk } from '#platform/sqlite/disk.ts';
import { createInThreadDisk } from '#platform/sqlite/in-thread-disk.ts';
import { type GatewayDb, openGatewayDb } from '#system/gateway-db.ts';
import { describeAccountsStore } from './accounts-store.conformance.ts';
import { entry } from './administration.conformance.ts';

function backend() {
  const directory = mkdtempSync(join(tmpdir(), 'warble-accounts-'));
  const opened: GatewayDb[] = [];
  return {
    open(disk?: Disk) {
      const gateway = openGatewayDb({ path: join(directory, 'gateway.db'), disk });
      opened.push(gateway);
      return gateway;
    },
    async dispose() {
      for (const { db } of opened) await db.close();
      rmSync(directory, { recursive: true });
    },
  };
}

describeAccountsStore('on SQLite', async () => {
  const { open, dispose } = backend();
  return { open: async () => open(), dispose };
});

describeAccountsStore('on SQLite, with one cache', async () => {
  const { open, dispose } = backend();
  const opened = open(createInThreadDisk());
  return { open: async () => opened, dispose };
});

test('entries of the audit log cannot be changed or deleted', async (t) => {
  const { open, dispose } = backend();
  t.after(dispose);
  const { db, audit } = open();
  await audit.record(entry());
  for (const sql of ["UPDATE audit_log SET detail = ''", 'DELETE FROM audit_log']) {
    await assert.rejects(
      db.write(() => db.prepare(sql).run()),
      /append-only/,
    );
  }
});

test('devices of sessions that are older than the table of devices are known', async (t) => {
  const { open, dispose } = backend();
  t.after(dispose);
  const { db, accounts: store } = open();
  await store.reserve({ userId: 1, handle: 'ann', name: '', passwordHash: 'h', created: 1 });
  const signIn = (sessionId: number, device: string) =>
    store.openSession({
      session: { sessionId, userId: 1, tokenHash: `t${sessionId}`, created: 1, device },
      passwordHash: 'h',
      maxSessions: 9,
    });
  await signIn(10, 'curl/8');
  await signIn(11, 'Wget/1');
  await db.write(() => {
    db.prepare('DELETE FROM known_devices').run();
    db.prepare('DELETE FROM notices').run();
  });
  await signIn(12, 'curl/9');
  await signIn(13, 'Wget/2');
  await signIn(14, 'Firefox/140');
  const notices = await store.notices({ userId: 1, after: 0 });
  assert.deepEqual(
    notices.map(({ id }) => id),
    [14],
  );
});
