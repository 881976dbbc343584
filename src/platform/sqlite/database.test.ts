import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isWarbleError } from '#domain/errors.ts';
import type { DatabaseOptions } from './database.ts';
import { openDatabase } from './open-database.ts';

describe('a database', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'warble-db-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const schema = 'CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)';
  function open(options: Partial<DatabaseOptions> = {}) {
    return openDatabase({
      path: join(directory, 'test.db'),
      migrations: [schema],
      durability: 'full',
      ...options,
    });
  }
  const rows = (db: ReturnType<typeof open>) => db.prepare('SELECT a FROM t ORDER BY a').all();
  const insert = (db: ReturnType<typeof open>, a: number) =>
    db.write(() => db.prepare('INSERT INTO t VALUES (?, ?)').run(a, 'x'));

  test('writes that wait share one commit', async () => {
    let commits = 0;
    const db = open({ faults: { afterCommit: () => commits++ } });
    await Promise.all(Array.from({ length: 100 }, (_, a) => insert(db, a)));
    assert.equal(rows(db).length, 100);
    assert.equal(commits, 1);
    await db.close();
  });

  test('writes wait while it is held quiet, and happen afterwards', async () => {
    const db = open();
    await insert(db, 1);
    let written = false;
    const seen = await db.whileQuiet(() =>
      db.whileQuiet(async () => {
        void insert(db, 2).then(() => {
          written = true;
        });
        await new Promise((resolve) => setTimeout(resolve, 20));
        return rows(db).length;
      }),
    );
    assert.equal(seen, 1);
    assert.equal(written, false);
    await assert.rejects(
      db.whileQuiet(() => Promise.reject(new Error('of the work'))),
      /of the work/,
    );
    await insert(db, 3);
    assert.equal(rows(db).length, 3);
    await db.close();
  });

  test('a write that fails is undone alone', async () => {
    const db = open();
    const results = await Promise.allSettled([
      insert(db, 1),
      db.write(() => {
        db.prepare('INSERT INTO t VALUES (2, ?)').run('x');
        throw new Error('no');
      }),
      insert(db, 1),
      insert(db, 3),
    ]);
    assert.deepEqual(
      results.map((result) => result.status),
      ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(
      rows(db),
      [{ a: 1 }, { a: 3 }].map((row) => Object.assign(Object.create(null), row)),
    );
    await db.close();
  });

  test('a crash before the commit keeps nothing, a crash after it keeps all, and nobody is answered', async () => {
    const crash = () => {
      throw new Error('crash');
    };
    for (const [fault, kept] of [
      ['beforeCommit', 0],
      ['afterCommit', 1],
    ] as const) {
      const db = open({ path: join(directory, `${fault}.db`), faults: { [fault]: crash } });
      await assert.rejects(insert(db, 1), /crash/);
      db.crash();
      const again = open({ path: join(directory, `${fault}.db`) });
      assert.equal(rows(again).length, kept);
      await again.close();
    }
  });

  test('what waits when the process dies is never kept', async () => {
    const db = open();
    let answered = false;
    void insert(db, 1).then(() => {
      answered = true;
    });
    db.crash();
    const again = open();
    assert.deepEqual(rows(again), []);
    assert.equal(answered, false);
    await again.close();
  });

  test('refuses more waiting writes than its bound with overloaded', async () => {
    const db = open({ maxWaiting: 2 });
    const first = [insert(db, 1), insert(db, 2)];
    await assert.rejects(insert(db, 3), (error) => isWarbleError(error, 'overloaded'));
    await Promise.all(first);
    await insert(db, 3);
    await db.close();
  });

  test('a full disk keeps nothing of the group and says so; with room again it serves on', async () => {
    const db = open();
    db.prepare('PRAGMA max_page_count = 4').get();
    const big = 'x'.repeat(100_000);
    const full = db.write(() => db.prepare('INSERT INTO t VALUES (9, ?)').run(big));
    const beside = insert(db, 10);
    await assert.rejects(full, (error) => isWarbleError(error, 'storage_full'));
    await assert.rejects(beside, (error) => isWarbleError(error, 'storage_full'));
    assert.deepEqual(rows(db), []);
    db.prepare('PRAGMA max_page_count = 100000').get();
    await insert(db, 10);
    assert.equal(rows(db).length, 1);
    await db.close();
  });

  test('what is no database, or cannot be opened, is refused with its name and a remedy', () => {
    const garbage = join(directory, 'garbage.db');
    writeFileSync(garbage, Buffer.alloc(5_000, 'no database '));
    assert.throws(() => open({ path: garbage }), /garbage\.db is damaged \(.+\); restore a backup/);
    const folder = join(directory, 'folder.db');
    mkdirSync(folder);
    assert.throws(() => open({ path: folder }), /folder\.db cannot be opened/);
  });

  test('migrations run once each, and a newer file is refused with a remedy', async () => {
    const db = open();
    await insert(db, 1);
    await db.close();
    const newer = open({ migrations: [schema, 'ALTER TABLE t ADD COLUMN c TEXT'] });
    assert.equal(rows(newer).length, 1);
    await newer.close();
    assert.throws(() => open(), /newer version/);
  });
});
