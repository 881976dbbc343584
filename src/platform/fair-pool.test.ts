import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWarbleError } from '#domain/errors.ts';
import { createFairPool, type FairPoolDeps } from './fair-pool.ts';

/** A pool whose pieces of work run until the test ends them by name. */
function createScene(deps: Partial<FairPoolDeps> = {}) {
  const lanes = [{ upTo: Number.POSITIVE_INFINITY, capacity: 1 }];
  const limits = { minWeight: 1, maxPerKey: 9, max: 99, refusal: 'Too many.' };
  const pool = createFairPool<string>({ lanes, ...limits, ...deps });
  const running = new Map<string, () => void>();
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return {
    running: () => [...running.keys()].join(' '),
    run(key: string, name: string, weight = 1, signal?: AbortSignal) {
      const piece = { key, weight, ...(signal === undefined ? {} : { signal }) };
      return pool.run(piece, async () => {
        await new Promise<void>((resolve) => running.set(name, resolve));
      });
    },
    async finish(name: string) {
      running.get(name)!();
      running.delete(name);
      await settled();
    },
    settled,
  };
}

test('a key with one piece waits for one piece of each other key, not for all of them', async () => {
  const { run, running, finish, settled } = createScene();
  for (const name of ['ann1', 'ann2', 'ann3']) run('ann', name);
  for (const name of ['bob1', 'bob2']) run('bob', name);
  run('cyd', 'cyd1');
  await settled();
  const order: string[] = [];
  for (let name = running(); name !== ''; name = running()) {
    order.push(name);
    await finish(name);
  }
  assert.deepEqual(order, ['ann1', 'bob1', 'cyd1', 'ann2', 'bob2', 'ann3']);
});

test('one piece of a key runs at a time, whatever room there is', async () => {
  const { run, running, finish, settled } = createScene({ lanes: [{ upTo: 9, capacity: 9 }] });
  run('ann', 'ann1');
  run('ann', 'ann2');
  run('bob', 'bob1');
  await settled();
  assert.equal(running(), 'ann1 bob1');
  await finish('ann1');
  assert.equal(running(), 'bob1 ann2');
});

test('weights share a lane; what is heavier than a lane runs alone; nothing light overtakes for ever', async () => {
  const { run, running, finish, settled } = createScene({ lanes: [{ upTo: 99, capacity: 10 }] });
  run('a', 'six', 6);
  run('b', 'twelve', 12);
  run('c', 'one', 1);
  await settled();
  assert.equal(running(), 'six');
  await finish('six');
  assert.equal(running(), 'twelve');
  await finish('twelve');
  assert.equal(running(), 'one');
});

test('light work has a lane that heavy work cannot take', async () => {
  const lanes = [
    { upTo: 2, capacity: 4 },
    { upTo: 99, capacity: 10 },
  ];
  const { run, running, settled } = createScene({ lanes, minWeight: 2 });
  for (const key of ['a', 'b', 'c']) run(key, `heavy-${key}`, 10);
  for (const key of ['d', 'e', 'f']) run(key, `light-${key}`, 1);
  await settled();
  assert.equal(running(), 'heavy-a light-d light-e', 'what is light weighs 2 at least');
});

const isOverloaded = (error: unknown) => isWarbleError(error, 'overloaded');

test('too much of one key is refused to that key alone; too much in all, to whoever would have the most', async () => {
  const { run, settled } = createScene({ maxPerKey: 2, max: 3 });
  run('ann', 'ann1');
  run('bob', 'bob1');
  run('bob', 'bob2');
  await settled();
  await assert.rejects(
    run('bob', 'bob3'),
    (error) => isWarbleError(error, 'rate_limited') && error.retryAfter_s === 1,
  );
  await assert.rejects(run('ann', 'ann2'), isOverloaded);
});

test('where everything is full, a newcomer takes the place of the newest piece of the key with the most', async () => {
  const { run, running, finish, settled } = createScene({ max: 5 });
  run('ann', 'ann1');
  run('ann', 'ann2');
  run('bob', 'bob1');
  run('bob', 'bob2');
  const newest = assert.rejects(run('bob', 'bob3'), isOverloaded);
  run('cyd', 'cyd1');
  await newest;
  const next = assert.rejects(run('ann', 'ann3'), isOverloaded);
  const second = run('cyd', 'cyd2').catch((error) => error);
  await next;
  assert.ok(isOverloaded(await second), 'each has two at most');
  const order: string[] = [];
  for (let i = 0; i < 5; i++) {
    await settled();
    order.push(running());
    await finish(running());
  }
  assert.deepEqual(order, ['ann1', 'bob1', 'cyd1', 'ann2', 'bob2']);
});

test('a piece aborted while it waits is skipped, first in its line or not', async () => {
  const { run, running, finish, settled } = createScene();
  const [first, second] = [new AbortController(), new AbortController()];
  run('ann', 'ann1');
  const left = [run('bob', 'bob1', 1, first.signal), run('bob', 'bob2', 1, second.signal)];
  run('bob', 'bob3');
  run('cyd', 'cyd1');
  await settled();
  const gone = Promise.allSettled(left);
  second.abort(new Error('gone'));
  first.abort(new Error('gone'));
  assert.ok((await gone).every(({ status }) => status === 'rejected'));
  await finish('ann1');
  assert.equal(running(), 'cyd1', 'what bob has left stands behind cyd now');
  await finish('cyd1');
  assert.equal(running(), 'bob3');
  await assert.rejects(run('bob', 'bob4', 1, AbortSignal.abort(new Error('gone'))), /gone/);
});

test('work that fails gives its turn on', async () => {
  const pool = createFairPool<number>({
    lanes: [{ upTo: 1, capacity: 1 }],
    minWeight: 1,
    maxPerKey: 1,
    max: 1,
    refusal: 'Too many.',
  });
  for (let round = 0; round < 2; round++) {
    await assert.rejects(
      pool.run({ key: 1, weight: 1 }, () => Promise.reject(new Error('broken'))),
      /broken/,
    );
  }
});
