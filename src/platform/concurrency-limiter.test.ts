import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWarbleError } from '#domain/errors.ts';
import { createConcurrencyLimiter } from './concurrency-limiter.ts';

/** A piece of work that ends when it is told to. */
function held() {
  let finish: (value: string) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const done = new Promise<string>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  return { done, finish, fail };
}

test('so much runs at once, the next wait their turn, one more is refused', async () => {
  const limiter = createConcurrencyLimiter({ concurrency: 1, waiting: 1, refusal: 'Too many.' });
  const [first, second] = [held(), held()];
  const started: string[] = [];
  const answers = [first, second].map((work, index) =>
    limiter.run(() => {
      started.push(`work ${index}`);
      return work.done;
    }),
  );
  await assert.rejects(
    limiter.run(async () => 'third'),
    (error) => isWarbleError(error, 'overloaded'),
  );
  assert.deepEqual(started, ['work 0']);
  first.finish('a');
  second.finish('b');
  assert.deepEqual(await Promise.all(answers), ['a', 'b']);
});

test('work that fails makes room for the next', async () => {
  const limiter = createConcurrencyLimiter({ concurrency: 1, waiting: 0, refusal: 'Too many.' });
  await assert.rejects(
    limiter.run(() => Promise.reject(new Error('broken'))),
    /broken/,
  );
  assert.equal(await limiter.run(async () => 'next'), 'next');
});
