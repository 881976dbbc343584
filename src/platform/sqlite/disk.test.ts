/** What every adapter of the disk promises of a file that is closed. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isWarbleError } from '#domain/errors.ts';
import type { Disk } from './disk.ts';
import { createDiskThreads } from './disk-threads.ts';
import { createInThreadDisk } from './in-thread-disk.ts';

/** More than the threads can have ended when the call after them runs. */
const MANY = 300;

for (const [name, createDisk] of [
  ['on this thread', createInThreadDisk],
  ['on threads of their own', () => createDiskThreads({ onFailure: (error) => assert.fail(String(error)) })],
] as const) {
  describe(`the disk, syncs ${name}`, () => {
    let directory: string;
    let path: string;
    let connection: DatabaseSync;
    let disk: Disk;
    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'warble-disk-'));
      path = join(directory, 'test.db');
      connection = new DatabaseSync(path);
      connection.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a INTEGER PRIMARY KEY)');
      disk = createDisk();
    });
    afterEach(async () => {
      await disk.close();
      if (connection.isOpen) connection.close();
      rmSync(directory, { recursive: true });
    });

    test('a file closes when its syncs under way have ended, and each of them succeeds', async () => {
      const file = disk.file(path);
      let ended = 0;
      const syncs = Array.from({ length: MANY }, async () => {
        await file.sync();
        ended++;
      });
      connection.close();
      await file.close();
      assert.equal(ended, MANY);
      await Promise.all(syncs);
    });

    test('what is asked of a file that is closed is refused, and is no failure of the disk', async () => {
      const file = disk.file(path);
      connection.close();
      const closing = file.close();
      const { close: _, ...calls } = file;
      for (const call of Object.values(calls)) {
        await assert.rejects(call(), (error) => isWarbleError(error, 'unavailable'));
      }
      await closing;
      rmSync(path);
      for (const call of Object.values(calls)) {
        await assert.rejects(call(), (error) => isWarbleError(error, 'unavailable'));
      }
      assert.ok(!existsSync(path), 'nothing is made anew');
    });

    test('the disk closes when the files that are being closed are closed', async () => {
      const file = disk.file(path);
      const told: string[] = [];
      const syncs = Array.from({ length: MANY }, () => file.sync());
      connection.close();
      const closing = file.close().then(() => told.push('file'));
      await disk.close().then(() => told.push('disk'));
      assert.deepEqual(told, ['file', 'disk']);
      await Promise.all([closing, ...syncs]);
    });
  });
}
