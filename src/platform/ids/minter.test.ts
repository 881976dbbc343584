import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isWarbleError } from '#contract/errors.ts';
import { SNOWFLAKE_NODES, snowflakeTime } from '#contract/ids.ts';
import { createManualClock, type ManualClock } from '#platform/clock.ts';
import { type Database, openDatabase } from '#platform/sqlite/database.ts';
import { createMinter } from './minter.ts';
import { createSqliteIdLeases, ID_LEASES_SCHEMA } from './sqlite-id-leases.ts';

const START_MS = Date.UTC(2026, 0, 1);

describe('minting ids', () => {
  let directory: string;
  let db: Database;
  let clock: ManualClock;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'warble-ids-'));
    db = openDatabase({
      path: join(directory, 'ids.db'),
      migrations: [ID_LEASES_SCHEMA],
      durability: 'full',
    });
    clock = createManualClock(START_MS);
  });
  afterEach(async () => {
    await db.close();
    rmSync(directory, { recursive: true });
  });
  const open = (holder: string) => createMinter({ leases: createSqliteIdLeases(db), clock, holder });
  const unavailable = (error: unknown) => isWarbleError(error, 'unavailable');

  test('ids grow, carry their time and are safe integers', async () => {
    const minter = await open('a');
    let last = 0;
    for (let i = 0; i < 1_000; i++) {
      const id = minter.mint();
      assert.ok(id > last && Number.isSafeInteger(id));
      last = id;
    }
    assert.ok(snowflakeTime(last) - START_MS <= 1_000);
  });

  test('two processes never mint the same id', async () => {
    const [one, two] = [await open('a'), await open('b')];
    const ids = new Set<number>();
    for (let i = 0; i < 500; i++) ids.add(one.mint()).add(two.mint());
    assert.equal(ids.size, 1_000);
  });

  test('runs at most a second ahead of the clock', async () => {
    const minter = await open('a');
    assert.throws(() => {
      for (let i = 0; i < 70_000; i++) minter.mint();
    }, unavailable);
    clock.advance(10);
    minter.mint();
  });

  test('stops before its lease ends, and goes on when it was renewed', async () => {
    const minter = await open('a');
    clock.advance(56_000);
    assert.throws(() => minter.mint(), unavailable);
    await minter.worker.step();
    minter.mint();
  });

  test('a clock that was set back yields no id twice', async () => {
    const minter = await open('a');
    const before = minter.mint();
    clock.setWall(START_MS - 500);
    assert.ok(minter.mint() > before);
    clock.setWall(START_MS - 3_600_000);
    assert.throws(() => {
      for (let i = 0; i < 100; i++) minter.mint();
    }, unavailable);
  });

  test('after a crash the same holder mints at once, without repeating an id', async () => {
    const seen = new Set<number>();
    for (let crash = 0; crash < SNOWFLAKE_NODES + 10; crash++) {
      const minter = await open('only');
      for (let i = 0; i < 10; i++) {
        const id = minter.mint();
        assert.ok(!seen.has(id));
        seen.add(id);
      }
      clock.advance(300);
    }
  });

  test('when all numbers are taken it says what to do', async () => {
    for (let holder = 0; holder < SNOWFLAKE_NODES; holder++) await open(`process-${holder}`);
    await assert.rejects(open('one too many'), /stop a process/);
  });
});
