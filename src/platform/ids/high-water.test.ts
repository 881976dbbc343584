import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { CommitFaults } from '#platform/sqlite/database.ts';
import { openDatabase } from '#platform/sqlite/open-database.ts';
import { createSqliteHighWater, HIGH_WATER_SCHEMA } from './high-water.ts';

describe('how far time and ids came', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'warble-high-water-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function open(latest: () => number, faults?: CommitFaults) {
    const path = join(directory, 'facts.db');
    const db = openDatabase({ path, migrations: [HIGH_WATER_SCHEMA], durability: 'full', faults });
    const highWater = createSqliteHighWater(db);
    highWater.keep(latest);
    return { db, highWater, commit: () => db.write(() => undefined) };
  }

  test('is 0 in a new store, and what it was at the last commit after a crash', async () => {
    let now = 100;
    const first = open(() => now);
    assert.equal(first.highWater.time_ms, 0);
    await first.commit();
    now = 250;
    await first.commit();
    now = 900;
    first.db.crash();
    const second = open(() => 0);
    assert.equal(second.highWater.time_ms, 250);
    await second.commit();
    await second.db.close();
    const third = open(() => 0);
    assert.equal(third.highWater.time_ms, 250, 'never lower');
    await third.db.close();
  });

  test('is what it was where the commit failed, and comes with the next one', async () => {
    let now = 100;
    let broken = false;
    const beforeCommit = () => {
      if (broken) throw new Error('no room');
    };
    const first = open(() => now, { beforeCommit });
    await first.commit();
    [now, broken] = [200, true];
    await assert.rejects(first.commit(), /no room/);
    const between = open(() => 0);
    assert.equal(between.highWater.time_ms, 100);
    await between.db.close();
    broken = false;
    await first.commit();
    await first.db.close();
    const last = open(() => 0);
    assert.equal(last.highWater.time_ms, 200);
    await last.db.close();
  });
});
