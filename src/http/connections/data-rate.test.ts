import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observe, type Transfer } from './data-rate.ts';

const RATE = { bytesPerSecond: 8_192, grace_ms: 10_000 };

/** Observes each second a client that moves `bytesOf(second)`; returns the second in which it is too slow, or null. */
function secondOfCut(bytesOf: (second: number) => number, seconds = 3_600): number | null {
  let transfer: Transfer | null = null;
  let moved = 0;
  for (let second = 0; second <= seconds; second++) {
    if (second > 0) moved += bytesOf(second);
    transfer = observe(
      transfer,
      { observed_ms: second * 1_000, moved, owed: Number.POSITIVE_INFINITY },
      RATE,
    );
    if (transfer.credit_ms < 0) return second;
  }
  return null;
}

test('a client that moves nothing, or a byte a second, is too slow after the time of grace', () => {
  assert.equal(
    secondOfCut(() => 0),
    11,
  );
  assert.equal(
    secondOfCut(() => 1),
    11,
  );
});

test('a client that keeps to the rate is never too slow, also where its bytes come in lumps', () => {
  assert.equal(
    secondOfCut(() => 8_192),
    null,
  );
  assert.equal(
    secondOfCut(() => 12_000),
    null,
  );
  assert.equal(
    secondOfCut((second) => (second % 8 === 0 ? 65_536 : 0)),
    null,
  );
  assert.equal(
    secondOfCut((second) => (second % 30 === 5 ? 360_000 : 0)),
    null,
  );
});

test('half the rate lasts for twice the time of grace, and what was fast saves a minute at most', () => {
  assert.equal(
    secondOfCut(() => 4_096),
    21,
  );
  assert.equal(
    secondOfCut((second) => (second <= 100 ? 1_000_000 : 0)),
    161,
  );
});

test('time in which the server had nothing more to send uses no credit', () => {
  let transfer: Transfer | null = null;
  for (let second = 0; second < 100; second++) {
    const moved = second * 10;
    // A byte waits at each observation, and each time it has gone at the next one.
    transfer = observe(transfer, { observed_ms: second * 1_000, moved, owed: moved + 1 }, RATE);
  }
  assert.ok((transfer?.credit_ms ?? 0) >= RATE.grace_ms);
});

test('speed is measured over some ten seconds', () => {
  const at = (second: number, moved: number) => ({ observed_ms: second * 1_000, moved, owed: moved + 1e9 });
  const begun = observe(null, at(0, 0), RATE);
  assert.equal(begun.speed, undefined);
  const second = observe(begun, at(1, 20_000), RATE);
  assert.equal(second.speed, 20_000);
  assert.equal(observe(second, at(2, 20_000), RATE).speed, 18_000);
});
