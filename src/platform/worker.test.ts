import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock, systemClock } from './clock.ts';
import { createWakeup, processAll, runWorker } from './worker.ts';

test('a worker goes on after an error and rests longer each time', async () => {
  const clock = createManualClock(0);
  const stop = new AbortController();
  const failures: unknown[] = [];
  let steps = 0;
  const done = runWorker({
    worker: {
      name: 'broken twice',
      idle_ms: 10,
      step: async () => {
        steps++;
        if (steps <= 2) throw new Error(`no ${steps}`);
        stop.abort();
        return false;
      },
    },
    clock,
    wakeup: createWakeup(clock),
    signal: stop.signal,
    onError: (error) => failures.push(error),
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  await settle();
  clock.advance(50);
  await settle();
  assert.equal(steps, 2);
  clock.advance(50);
  await settle();
  assert.equal(steps, 2);
  clock.advance(50);
  await done;
  assert.equal(steps, 3);
  assert.equal(failures.length, 2);
});

test('a resting worker is woken, and a wake before it rests is not lost', async () => {
  const wakeup = createWakeup(systemClock);
  const { signal } = new AbortController();
  const waiting = wakeup.wait(3_600_000, signal);
  wakeup.wake();
  await waiting;
  wakeup.wake();
  await wakeup.wait(3_600_000, signal);
});

test('stopping wakes a resting worker', async () => {
  const stop = new AbortController();
  const waiting = createWakeup(systemClock).wait(3_600_000, stop.signal);
  stop.abort();
  await waiting;
});

test('workers are stepped until none of them has anything to do, also when one gives another work', async () => {
  let waiting = 0;
  let given = 3;
  const receiver = { name: 'receiver', idle_ms: 1, step: async () => waiting > 0 && --waiting >= 0 };
  const giver = { name: 'giver', idle_ms: 1, step: async () => given > 0 && --given >= 0 && ++waiting > 0 };
  await processAll([receiver, giver]);
  assert.deepEqual([given, waiting], [0, 0]);
  await assert.rejects(processAll([{ ...giver, step: async () => true }]), /not idle/);
});
