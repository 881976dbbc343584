import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isWarbleError } from '#domain/errors.ts';
import { PARTITIONS, partitionOf, partitionOfId } from '#domain/events.ts';
import {
  ID_KINDS,
  type IdKind,
  MAX_USER_ID,
  ownerHash,
  ownerHashOf,
  SNOWFLAKE_END_MS,
  type Snowflake,
  snowflakeOf,
  snowflakeTime,
} from '#domain/ids.ts';
import { createManualClock, type ManualClock } from '#platform/clock.ts';
import { createSteadyClock, type SteadyClock } from '#platform/steady-clock.ts';
import type { HighWater } from './high-water.ts';
import { createMinter, type Minter } from './minter.ts';

const START_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;
const KINDS = Object.keys(ID_KINDS) as IdKind[];
const unavailable = (error: unknown) => isWarbleError(error, 'unavailable') && error.retryAfter_s === 1;

/** A store as a process after a crash finds it: what its last commit kept. */
interface Disk extends HighWater {
  commit(): void;
}

function newDisk(): Disk {
  let latest = () => 0;
  return {
    time_ms: 0,
    keep(next) {
      latest = next;
    },
    commit() {
      Object.assign(this, { time_ms: Math.max(this.time_ms, latest()) });
    },
  };
}

function start(wall: ManualClock, disk = newDisk()): { minter: Minter; steady: SteadyClock; disk: Disk } {
  const steady = createSteadyClock(wall);
  const minter = createMinter({ clock: steady });
  minter.keepIn(disk);
  return { minter, steady, disk };
}

describe('an id', () => {
  test('carries its time and the hash of its owner, so that the partition follows from it alone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_USER_ID }), fc.constantFrom(...KINDS), (owner, kind) => {
        const { minter } = start(createManualClock(START_MS));
        const id = minter.mint({ owner, kind });
        assert.equal(snowflakeTime(id), START_MS);
        assert.equal(ownerHashOf(id), ownerHash(owner));
        assert.equal(partitionOfId(id), partitionOf(owner));
        assert.equal((id % 64) >>> 3, ID_KINDS[kind]);
      }),
    );
  });

  test('has a hash from which any number of partitions follows that is a power of two up to 64', () => {
    assert.equal(64 % PARTITIONS, 0);
    const hashes = new Set<number>();
    for (let owner = 1; owner <= 10_000; owner++) hashes.add(ownerHash(owner));
    assert.deepEqual(
      [...hashes].sort((a, b) => a - b),
      [...Array(64).keys()],
    );
  });

  test('is exact as a number to the last one there is', () => {
    const last = { time_ms: SNOWFLAKE_END_MS - 1, hash: 63, kind: 'account', sequence: 7 } as const;
    assert.ok(Number.isSafeInteger(snowflakeOf(last)));
    assert.equal(snowflakeTime(snowflakeOf(last)), last.time_ms);
  });
});

describe('minting', () => {
  test('ids of users who act one after the other grow, also within a millisecond', () => {
    const { minter } = start(createManualClock(START_MS));
    let last = 0;
    for (let owner = 1; owner <= 100; owner++) {
      const id = minter.mint({ owner, kind: KINDS[owner % KINDS.length]! });
      assert.ok(id > last);
      last = id;
    }
  });

  test('a crowd shares milliseconds, so that its ids do not run ahead of the clock', () => {
    const { minter } = start(createManualClock(START_MS));
    const ids = Array.from({ length: 10_000 }, (_, n) => minter.mint({ owner: n, kind: 'like' }));
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(Math.max(...ids.map(snowflakeTime)) - START_MS < 200);
    const ofOne = ids.filter((id) => ownerHashOf(id) === ownerHash(1));
    assert.deepEqual(
      ofOne,
      ofOne.toSorted((a, b) => a - b),
      'those of one owner hash always grow',
    );
  });

  test('a burst of one user goes on into the next milliseconds, at most a second ahead, then waits', () => {
    const wall = createManualClock(START_MS);
    const { minter } = start(wall);
    const mint = () => minter.mint({ owner: 7, kind: 'comment' });
    let last = 0;
    for (let n = 0; n < 8_000; n++) {
      const id = mint();
      assert.ok(id > last);
      last = id;
    }
    assert.ok(snowflakeTime(last) <= START_MS + 1_000);
    for (let n = 0; n < 8; n++) mint();
    assert.throws(mint, unavailable);
    for (let owner = 1; owner < 50; owner++) {
      if (ownerHash(owner) !== ownerHash(7)) minter.mint({ owner, kind: 'comment' });
    }
    wall.advance(1_000);
    for (let n = 0; n < 8_000; n++) mint();
  });

  test('nothing is refused because the wall clock jumped, and Retry-After is true where it is behind', () => {
    const wall = createManualClock(START_MS);
    const { minter } = start(wall);
    const mint = () => minter.mint({ owner: 7, kind: 'tweet' });
    for (const by_ms of [-36_000, HOUR_MS, -HOUR_MS, 15_000, -24 * HOUR_MS]) {
      mint();
      wall.setWall(wall.now() + by_ms);
      for (let n = 0; n < 1_000; n++) mint();
      wall.advance(1_000);
    }
    assert.throws(() => {
      for (let n = 0; n < 20_000; n++) mint();
    }, unavailable);
    wall.advance(1_000);
    for (let n = 0; n < 1_000; n++) mint();
  });

  test('a clock before 2025 or after 2094 gives no id that means nothing', () => {
    const early = start(createManualClock(0)).minter.mint({ owner: 64, kind: 'tweet' });
    assert.ok(early > 0 && Number.isSafeInteger(early));
    const late = start(createManualClock(SNOWFLAKE_END_MS)).minter;
    assert.throws(() => late.mint({ owner: 1, kind: 'tweet' }), /set it right/);
  });

  test('unique, never before one that was acknowledged, and near the clock, whatever clocks and crashes do', () => {
    const step = fc.oneof(
      fc.record({
        mint: fc.array(fc.tuple(fc.nat({ max: 200 }), fc.constantFrom(...KINDS)), { maxLength: 20 }),
        commit: fc.boolean(),
      }),
      fc.record({ pass_ms: fc.nat({ max: 3_000 }) }),
      fc.record({ jump_ms: fc.integer({ min: -2 * HOUR_MS, max: 2 * HOUR_MS }) }),
      fc.record({ crash: fc.constant(true as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const wall = createManualClock(START_MS);
        let life = start(wall);
        const seen = new Set<Snowflake>();
        let unacknowledged: Snowflake[] = [];
        let acknowledged_ms = 0;
        for (const step of steps) {
          if ('pass_ms' in step) wall.advance(step.pass_ms);
          else if ('jump_ms' in step) wall.setWall(wall.now() + step.jump_ms);
          else if ('crash' in step) {
            life = start(wall, life.disk);
            // Nobody ever saw these, so they may come again.
            for (const id of unacknowledged) seen.delete(id);
            unacknowledged = [];
          } else {
            for (const [owner, kind] of step.mint) {
              const id = life.minter.mint({ owner, kind });
              assert.ok(!seen.has(id), 'twice');
              assert.ok(snowflakeTime(id) >= acknowledged_ms, 'before one that was acknowledged');
              assert.ok(snowflakeTime(id) <= life.steady.now() + 1_000, 'too far ahead');
              seen.add(id);
              unacknowledged.push(id);
            }
            if (!step.commit) continue;
            life.disk.commit();
            acknowledged_ms = Math.max(acknowledged_ms, ...unacknowledged.map(snowflakeTime));
            unacknowledged = [];
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
