/** What a database does whose file this process alone has open, on every adapter of the disk. */
import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isWarbleError } from '#domain/errors.ts';
import type { Database, DatabaseOptions } from './database.ts';
import type { Disk, DiskFile } from './disk.ts';
import { createDiskThreads } from './disk-threads.ts';
import { createInThreadDisk } from './in-thread-disk.ts';
import { openDatabase } from './open-database.ts';
import { pinFile } from './pinned-file.ts';

const SCHEMA = 'CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)';
/** Of a log (sqlite.org/walformat.html): its header, and each page with a header of its own. */
const LOG_HEADER = 32;
const LOG_PAGE = 24 + 4_096;

const insert = (db: Database, a: number, b = 'x') =>
  db.write(() => db.prepare('INSERT INTO t VALUES (?, ?)').run(a, b));
const rows = (db: Database) =>
  db
    .prepare('SELECT a FROM t ORDER BY a')
    .all()
    .map(({ a }) => a);
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A disk whose syncs end when the test says. */
function gated(inner: Disk) {
  const waiting: (() => void)[] = [];
  let failure: unknown;
  const failed: unknown[] = [];
  const disk: Disk = {
    ...inner,
    file(path): DiskFile {
      const file = inner.file(path);
      return {
        ...file,
        async sync() {
          await new Promise<void>((resolve) => waiting.push(resolve));
          if (failure !== undefined) throw failure;
          await file.sync();
        },
      };
    },
    fail: (error) => failed.push(error),
  };
  return {
    disk,
    failed,
    waiting: () => waiting.length,
    /** Lets the sync that waits end. */
    async end() {
      while (waiting.length === 0) await turn();
      waiting.shift()!();
    },
    async fail(error: unknown) {
      failure = error;
      await this.end();
    },
  };
}

for (const [name, createDisk] of [
  ['on this thread', createInThreadDisk],
  ['on threads of their own', () => createDiskThreads({ onFailure: (error) => assert.fail(String(error)) })],
] as const) {
  describe(`a file of one owner, syncs ${name}`, () => {
    let directory: string;
    let path: string;
    let inner: Disk;
    const opened: Database[] = [];
    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'warble-db-'));
      path = join(directory, 'test.db');
      inner = createDisk();
    });
    afterEach(async () => {
      for (const db of opened.splice(0)) db.crash();
      await inner.close();
      rmSync(directory, { recursive: true });
    });
    function open(options: Partial<DatabaseOptions> = {}): Database {
      const db = openDatabase({ path, migrations: [SCHEMA], durability: 'full', disk: inner, ...options });
      opened.push(db);
      return db;
    }

    test('what was answered is there after kill -9, and after a stop', async () => {
      const db = open();
      await Promise.all([insert(db, 1), insert(db, 2)]);
      db.crash();
      const again = open();
      assert.deepEqual(rows(again), [1, 2]);
      await insert(again, 3);
      await again.close();
      assert.ok(!existsSync(`${path}-wal`), 'a stop leaves no log');
      assert.deepEqual(rows(open()), [1, 2, 3]);
    });

    test('a commit is invisible until it is synced: to readers, listeners and writers', async () => {
      const gate = gated(inner);
      const db = open({ disk: gate.disk });
      const told: string[] = [];
      db.onCommit(() => told.push(`listener sees ${rows(db)}`));
      const writing = insert(db, 1).then(() => told.push(`writer sees ${rows(db)}`));
      while (gate.waiting() === 0) await turn();
      assert.deepEqual(rows(db), []);
      assert.deepEqual(
        db.read(() => rows(db)),
        [],
      );
      assert.deepEqual(told, []);
      await gate.end();
      await writing;
      assert.deepEqual(told, ['listener sees 1', 'writer sees 1']);
    });

    test('a write sees what writes before it did, and waits for their sync though it changes nothing', async () => {
      const gate = gated(inner);
      const db = open({ disk: gate.disk });
      const put = () => db.write(() => db.prepare('INSERT OR IGNORE INTO t VALUES (1, ?)').run('x').changes);
      const count = () => db.write(() => rows(db).length);
      const done: string[] = [];
      const first = put().then((changes) => done.push(`first ${changes}`));
      while (gate.waiting() === 0) await turn();
      const second = put().then((changes) => done.push(`second ${changes}`));
      const third = count().then((found) => done.push(`third ${found}`));
      for (let i = 0; i < 3; i++) await turn();
      assert.deepEqual(done, []);
      await gate.end();
      await first;
      await gate.end();
      await Promise.all([second, third]);
      assert.deepEqual(done, ['first 1', 'second 0', 'third 1']);
    });

    test('a group that only read has nothing to sync', async () => {
      const gate = gated(inner);
      const db = open({ disk: gate.disk });
      assert.deepEqual(await db.write(() => rows(db)), []);
    });

    test('the power fails between a commit and its sync: all that was answered is kept, and nothing in part', async () => {
      const gate = gated(inner);
      const db = open({ disk: gate.disk });
      const answered: number[] = [];
      const pair = (a: number) =>
        Promise.all([insert(db, a), insert(db, a + 1)]).then(() => answered.push(a, a + 1));
      const one = pair(1);
      await gate.end();
      await one;
      const synced = statSync(`${path}-wal`).size;
      void pair(3);
      while (gate.waiting() === 0) await turn();
      const written = statSync(`${path}-wal`).size;
      assert.ok(written > synced);
      // The tail of the log is lost: all of what was not synced, some, nothing.
      for (let size = synced; size <= written; size += LOG_PAGE / 2) {
        const kept = join(directory, `kept-${size}.db`);
        copyFileSync(path, kept);
        copyFileSync(`${path}-wal`, `${kept}-wal`);
        truncateSync(`${kept}-wal`, size);
        const again = open({ path: kept });
        const found = rows(again);
        assert.ok(String(found) === '1,2' || String(found) === '1,2,3,4', `${size}: ${found}`);
        assert.ok(size < written || found.length === 4);
        again.crash();
      }
      assert.deepEqual(answered, [1, 2]);
      assert.equal((synced - LOG_HEADER) % LOG_PAGE, 0);
    });

    test('a failed sync ends the process; no writer is answered, and no reader sees what was written', async () => {
      const gate = gated(inner);
      const db = open({ disk: gate.disk });
      let answered = false;
      const answer = () => {
        answered = true;
      };
      void insert(db, 1).then(answer, answer);
      const failure = Object.assign(new Error('EIO'), { syscall: 'fdatasync' });
      await gate.fail(failure);
      while (gate.failed.length === 0) await turn();
      assert.deepEqual(gate.failed, [failure]);
      await assert.rejects(insert(db, 2), (error) => isWarbleError(error, 'unavailable'));
      for (let i = 0; i < 3; i++) await turn();
      assert.equal(answered, false);
    });

    test('what only reads cannot write', () => {
      const db = open();
      assert.throws(() => db.prepare('INSERT INTO t VALUES (1, 1)').run(), /readonly/);
    });

    for (const durability of ['full', 'normal'] as const) {
      test(`the log of a file with durability ${durability} stays short under load, and its pages reach the file`, async () => {
        const bounds = { sync: 20, checkpoint: 50, restart: 100, max: 200 };
        const db = open({ disk: { ...inner, logBounds: bounds }, durability });
        const text = 'x'.repeat(20_000);
        for (let round = 0; round < 60; round++) {
          await Promise.all(Array.from({ length: 5 }, (_, i) => insert(db, round * 5 + i, text)));
        }
        const groups = 3;
        assert.ok(statSync(`${path}-wal`).size < (bounds.max + groups * 30) * LOG_PAGE);
        assert.equal(rows(db).length, 300);
        assert.ok(statSync(path).size > 100 * text.length, 'most of it was copied into the file');
      });
    }

    test('a log whose commits are not synced is synced little by little, so that a checkpoint finds little to write', async () => {
      let syncs = 0;
      const disk: Disk = {
        ...inner,
        logBounds: { sync: 40, checkpoint: 4_000, restart: 8_000, max: 16_000 },
        file(path) {
          const file = inner.file(path);
          return {
            ...file,
            async sync() {
              syncs++;
              await file.sync();
            },
          };
        },
      };
      const db = open({ disk, durability: 'normal' });
      let commits = 0;
      for (; syncs < 4 && commits < 5_000; commits++) await insert(db, commits, 'x'.repeat(20_000));
      assert.equal(syncs, 4);
      const most_pages = 12;
      assert.ok(commits * most_pages >= 4 * 40, 'no more often than asked');
    });

    test('where the log cannot be shortened, writes at its bound are refused, and go on when it can', async () => {
      let isFull = true;
      const full = Object.assign(new Error('database or disk is full'), { errcode: 13 });
      const disk: Disk = {
        ...inner,
        logBounds: { sync: 2, checkpoint: 5, restart: 10, max: 20 },
        file(path) {
          const file = inner.file(path);
          return {
            ...file,
            checkpoint: async () => {
              if (isFull) throw full;
              return file.checkpoint();
            },
          };
        },
      };
      const db = open({ disk });
      let kept = 0;
      await assert.rejects(
        async () => {
          for (; kept < 100; kept++) await insert(db, kept, 'x'.repeat(5_000));
        },
        (error) => isWarbleError(error, 'storage_full'),
      );
      assert.ok(kept < 30);
      assert.equal(rows(db).length, kept);
      isFull = false;
      await assert.doesNotReject(async () => {
        for (let i = 0; i < 100; i++) await insert(db, 1_000 + i).catch(() => insert(db, 2_000 + i));
      });
    });

    test('a snapshot held for long, as by a backup, stops no writer', async () => {
      const db = open({ disk: { ...inner, logBounds: { sync: 2, checkpoint: 5, restart: 10, max: 20 } } });
      await insert(db, 0);
      const pinned = pinFile(path);
      for (let a = 1; a <= 50; a++) await insert(db, a, 'x'.repeat(5_000));
      assert.deepEqual(
        pinned.all('SELECT a FROM t'),
        [{ a: 0 }].map((row) => Object.assign(Object.create(null), row)),
      );
      pinned.close();
      assert.equal(rows(db).length, 51);
    });

    test('what was erased is in no file when the log was emptied', async () => {
      const db = open();
      const secret = 'a text that nobody shall find';
      await insert(db, 1, secret);
      await db.write(() => {
        db.prepare('DELETE FROM t').run();
        db.noteErased();
      });
      assert.equal(await db.emptyLog(), true);
      for (const file of readdirSync(directory)) {
        assert.ok(!readFileSync(join(directory, file)).includes(secret), file);
      }
      await insert(db, 2);
      assert.deepEqual(rows(db), [2]);
    });

    test('while it is quiet nothing is written, and what was answered is on the disk', async () => {
      const db = open();
      void insert(db, 1);
      const copy = join(directory, 'copy.db');
      let late: Promise<unknown> | undefined;
      await Promise.all([
        insert(db, 2),
        db.whileQuiet(async () => {
          late = insert(db, 3);
          for (let i = 0; i < 5; i++) await turn();
          copyFileSync(path, copy);
          copyFileSync(`${path}-wal`, `${copy}-wal`);
        }),
      ]);
      await late;
      assert.deepEqual(rows(db), [1, 2, 3]);
      assert.ok(!rows(open({ path: copy })).includes(3));
    });

    test('a database that closes or crashes while its log is synced fails no sync', async () => {
      const db = open({
        disk: { ...inner, logBounds: { ...inner.logBounds, sync: 1 } },
        durability: 'normal',
      });
      await insert(db, 1);
      const flushes = Array.from({ length: 300 }, () => db.flush());
      await db.close();
      await Promise.all(flushes);
      const again = open({
        disk: { ...inner, logBounds: { ...inner.logBounds, sync: 1 } },
        durability: 'normal',
      });
      await insert(again, 2);
      const late = Array.from({ length: 300 }, () => again.flush());
      again.crash();
      await Promise.all(late);
      await assert.rejects(again.flush(), (error) => isWarbleError(error, 'unavailable'));
    });

    test('several may close a database at once, and it may crash meanwhile', async () => {
      const db = open();
      await insert(db, 1);
      await Promise.all([db.close(), db.close()]);
      const again = open();
      await insert(again, 2);
      const closing = again.close();
      await turn();
      again.crash();
      await closing;
      assert.deepEqual(rows(open()), [1, 2]);
    });

    test('closing commits what waits; closing and crashing again do nothing', async () => {
      const db = open();
      const waiting = Array.from({ length: 600 }, (_, a) => insert(db, a));
      await db.close();
      await Promise.all(waiting);
      await db.close();
      db.crash();
      assert.equal(rows(open()).length, 600);
    });
  });
}
