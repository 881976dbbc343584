import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type CommitChanges, createCommitChanges } from './commit-changes.ts';
import type { Database } from './sqlite/database.ts';
import { createInThreadDisk } from './sqlite/in-thread-disk.ts';
import { openDatabase } from './sqlite/open-database.ts';

describe('what a database tells of its commits', () => {
  let directory: string;
  let db: Database;
  let changes: CommitChanges;
  let told: string[];
  const rows = () => db.prepare('SELECT count(*) AS n FROM t').get()!.n;
  const insert = (id: number) => {
    db.prepare('INSERT INTO t VALUES (?)').run(id);
    changes.changed(id);
  };
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'warble-changes-'));
    db = openDatabase({
      path: join(directory, 't.db'),
      migrations: ['CREATE TABLE t (id INTEGER PRIMARY KEY)'],
      durability: 'full',
      disk: createInThreadDisk(),
    });
    changes = createCommitChanges(db);
    told = [];
    changes.source.onChange((changed) => {
      told.push(`${changed === 'everything' ? changed : [...changed].join(' ')}, of ${rows()} rows`);
    });
  });
  afterEach(async () => {
    await db.close();
    rmSync(directory, { recursive: true });
  });

  test('comes in the turn in which reads see the commit, before it is answered', async () => {
    const answers = [1, 2].map((id) => db.write(() => insert(id)).then(() => told.push(`answered ${id}`)));
    assert.deepEqual(told, []);
    await Promise.all(answers);
    assert.deepEqual(told, ['1 2, of 2 rows', 'answered 1', 'answered 2']);
  });

  test('comes once, and not where nothing changed', async () => {
    await db.write(() => insert(1));
    await db.write(rows);
    assert.deepEqual(told, ['1, of 1 rows']);
  });

  test('says that anything may have changed', async () => {
    await db.write(() => {
      insert(1);
      changes.everythingChanged();
    });
    await db.write(() => insert(2));
    assert.deepEqual(told, ['everything, of 1 rows', '2, of 2 rows']);
  });

  test('may name what a write changed that was undone', async () => {
    const failed = db.write(() => {
      insert(1);
      throw new Error('no');
    });
    await assert.rejects(failed, /no/);
    await db.write(() => insert(2));
    assert.equal(told.at(-1)!.endsWith('2, of 1 rows'), true);
  });

  test('is that everything changed, after many groups whose commits failed', () => {
    let commit = () => {};
    const onCommit = (listener: () => void) => {
      commit = listener;
    };
    const { source, changed } = createCommitChanges({ soleOwner: true, onCommit });
    source.onChange((ids) => told.push(String(ids === 'everything' ? ids : [...ids])));
    for (let id = 1; id <= 10_001; id++) changed(id);
    commit();
    changed(10_002);
    commit();
    assert.deepEqual(told, ['everything', '10002']);
  });

  test('is that everything changed, when an empty file has taken the place of a damaged one', () => {
    const replace: (() => void)[] = [];
    const derived = {
      soleOwner: true,
      onCommit() {},
      onReplaced: (listener: () => void) => replace.push(listener),
    };
    createCommitChanges(derived).source.onChange((changed) => told.push(String(changed)));
    for (const listener of replace) listener();
    assert.deepEqual(told, ['everything']);
  });

  test('knows whether it tells of all', () => {
    assert.equal(changes.source.soleOwner, true);
    const open = (path: string) => openDatabase({ path, migrations: [], durability: 'full' });
    const [shared, inMemory] = [open(join(directory, 'shared.db')), open(':memory:')];
    assert.equal(createCommitChanges(shared).source.soleOwner, false);
    assert.equal(createCommitChanges(inMemory).source.soleOwner, true);
    for (const other of [shared, inMemory]) other.crash();
  });
});
