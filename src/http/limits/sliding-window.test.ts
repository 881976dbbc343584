import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSlidingWindow } from './sliding-window.ts';

test('as many as the quota are let through, and more when the first have left the window', () => {
  const window = createSlidingWindow<string>({ quota: 3, window_ms: 15_000 }, 10);
  const take = (now: number) => window.take('ann', now);
  assert.deepEqual(take(0), { allowed: true, remaining: 2, reset_s: 16 });
  assert.equal(take(5_000).remaining, 1);
  assert.equal(take(5_000).remaining, 0);
  assert.deepEqual(take(6_000), { allowed: false, remaining: 0, reset_s: 10 });
  assert.equal(take(15_000).allowed, false, 'the first one is not older than the window yet');
  assert.equal(take(16_000).allowed, true, 'when the response said');
  assert.equal(take(16_000).allowed, false);
  assert.equal(take(900_000).remaining, 2, 'everything was long ago');
});

test('one that weighs more counts as several, and the last may weigh more than is left', () => {
  const window = createSlidingWindow<string>({ quota: 5, window_ms: 15_000 }, 10);
  assert.deepEqual(window.take('ann', 0, 3), { allowed: true, remaining: 2, reset_s: 16 });
  assert.deepEqual(window.take('ann', 0, 3), { allowed: true, remaining: 0, reset_s: 16 });
  assert.equal(window.take('ann', 0, 1).allowed, false);
  assert.equal(window.take('ann', 16_000, 3).remaining, 2, 'all of it was counted, and left the window');
});

test('never more than the quota in any window, and the response says when to come back', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 9_000 }), { maxLength: 200 }),
      fc.integer({ min: 1, max: 20 }),
      (gaps, quota) => {
        const window_ms = 15_000;
        const window = createSlidingWindow<number>({ quota, window_ms }, 10);
        const through: number[] = [];
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          const { allowed, remaining, reset_s } = window.take(1, now);
          if (allowed) {
            through.push(now);
            const inWindow = through.filter((time) => time > now - window_ms).length;
            assert.ok(inWindow <= quota && remaining <= quota - inWindow);
          } else {
            now += reset_s * 1_000;
            assert.equal(window.take(1, now).allowed, true);
            through.push(now);
          }
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('what is given back may be taken again', () => {
  const window = createSlidingWindow<string>({ quota: 1, window_ms: 15_000 }, 10);
  window.take('ann', 0);
  window.giveBack('ann', 3_000);
  window.giveBack('ann', 3_000);
  assert.equal(window.take('ann', 3_000).allowed, true);
  assert.equal(window.take('ann', 3_000).allowed, false);
});

test('memory is bounded: the key unseen for longest is forgotten', () => {
  const window = createSlidingWindow<number>({ quota: 1, window_ms: 15_000 }, 2);
  window.take(1, 0);
  window.take(2, 0);
  assert.equal(window.take(1, 0).allowed, false);
  window.take(3, 0);
  assert.equal(window.take(1, 0).allowed, false);
  window.take(4, 0);
  assert.equal(window.take(2, 0).allowed, true, 'not seen for longest');
  assert.equal(window.take(1, 0).allowed, false);
});
