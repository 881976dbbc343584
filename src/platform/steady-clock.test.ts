import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createManualClock, type ManualClock } from './clock.ts';
import { BELIEVED_AFTER_MS, createSteadyClock, FOLLOWED_MS, type SteadyClock } from './steady-clock.ts';

const START_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

function startClocks(): { wall: ManualClock; steady: SteadyClock } {
  const wall = createManualClock(START_MS);
  return { wall, steady: createSteadyClock(wall) };
}

/** Somebody sets the machine's clock by so much. */
function jump(wall: ManualClock, by_ms: number): void {
  wall.setWall(wall.now() + by_ms);
}

/** Time passes, and the worker looks at the wall every second. */
async function pass(wall: ManualClock, steady: SteadyClock, duration_ms: number): Promise<void> {
  for (let left = duration_ms; left > 0; left -= 1_000) {
    wall.advance(Math.min(left, 1_000));
    await steady.worker.step();
  }
}

describe('the steady clock', () => {
  test('is the wall clock as long as that is not set', () => {
    const { wall, steady } = startClocks();
    for (const duration_ms of [0, 1, 7, 999, HOUR_MS, 40 * 24 * HOUR_MS]) {
      wall.advance(duration_ms);
      assert.equal(steady.now(), wall.now());
    }
    assert.equal(steady.ahead(), 0);
  });

  test('a wall clock that is an hour ahead for two seconds moves it by 0.2 s, which it gives back', async () => {
    const { wall, steady } = startClocks();
    await pass(wall, steady, 2 * BELIEVED_AFTER_MS);
    jump(wall, HOUR_MS);
    await pass(wall, steady, 2_000);
    jump(wall, -HOUR_MS);
    assert.ok(steady.ahead() > 0 && steady.ahead() <= 200 + FOLLOWED_MS, `${steady.ahead()}`);
    await pass(wall, steady, 1_000);
    assert.equal(steady.ahead(), 0);
  });

  test('a step forward is not followed at once, but a minute later: a laptop that wakes up', async () => {
    for (const step_ms of [15_000, 9 * HOUR_MS]) {
      const { wall, steady } = startClocks();
      const before = steady.now();
      jump(wall, step_ms);
      assert.ok(steady.now() - before <= FOLLOWED_MS);
      await pass(wall, steady, BELIEVED_AFTER_MS - 1_000);
      assert.ok(steady.ahead() < 0, 'not yet');
      await pass(wall, steady, 2_000);
      assert.equal(steady.ahead(), 0);
    }
  });

  test('a minute without a reading says nothing about the wall clock', async () => {
    const { wall, steady } = startClocks();
    jump(wall, HOUR_MS);
    await steady.worker.step();
    wall.advance(2 * BELIEVED_AFTER_MS);
    assert.ok(steady.ahead() < -HOUR_MS / 2);
  });

  test('a wall clock that keeps jumping is never believed', async () => {
    const { wall, steady } = startClocks();
    jump(wall, HOUR_MS);
    for (let i = 0; i < 300; i++) {
      await pass(wall, steady, 1_000);
      jump(wall, i % 2 === 0 ? 10_000 : -10_000);
    }
    assert.ok(steady.ahead() < -HOUR_MS / 2);
  });

  test('where the wall is behind, time goes at half speed until the wall has caught up', async () => {
    const { wall, steady } = startClocks();
    jump(wall, -36_000);
    const before = steady.now();
    await pass(wall, steady, 10_000);
    assert.ok(Math.abs(steady.now() - before - 5_000) <= FOLLOWED_MS, `${steady.now() - before}`);
    await pass(wall, steady, 63_000);
    assert.equal(steady.ahead(), 0);
  });

  test('time that is on disk already is not left behind, and goes on from there', async () => {
    const { wall, steady } = startClocks();
    steady.notBefore(START_MS + 2 * HOUR_MS);
    assert.equal(steady.now(), START_MS + 2 * HOUR_MS);
    await pass(wall, steady, 10_000);
    assert.ok(steady.now() >= START_MS + 2 * HOUR_MS + 5_000 - FOLLOWED_MS);
    steady.notBefore(START_MS);
    assert.ok(steady.now() > START_MS + 2 * HOUR_MS, 'an earlier one changes nothing');
  });

  test('never falls, never stands still, and never goes faster than a tenth, whatever the wall does', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ jump_ms: fc.integer({ min: -HOUR_MS, max: HOUR_MS }), pass_ms: fc.nat({ max: 900 }) }),
          { maxLength: 60 },
        ),
        (steps) => {
          const { wall, steady } = startClocks();
          const began = steady.now();
          let passed_ms = 0;
          for (const { jump_ms, pass_ms } of steps) {
            jump(wall, jump_ms);
            const before = steady.now();
            wall.advance(pass_ms);
            passed_ms += pass_ms;
            const after = steady.now();
            assert.ok(after >= before, `fell by ${before - after}`);
            assert.ok(after - began <= passed_ms * 1.1 + FOLLOWED_MS, 'too fast');
            assert.ok(after - began >= Math.floor(passed_ms * 0.5) - FOLLOWED_MS, 'too slow');
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
