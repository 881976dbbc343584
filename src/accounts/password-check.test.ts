import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWarbleError } from '#domain/errors.ts';
import { createLimits } from '#http/limits/limits-service.ts';
import { createManualClock } from '#platform/clock.ts';
import { createSeededRandom } from '#platform/random.ts';
import type { Client } from './accounts.ts';
import { createPasswordCheck } from './password-check.ts';
import { createPasswordHasher, type PasswordHasherDeps } from './password-hasher.ts';
import { CLIENT } from './testing/accounts.ts';

const ALLOWED_WRONG = 10;

/** Checks Ann's password with one hash at a time and the usual limits. */
async function createScene(deps: Partial<PasswordHasherDeps> = {}) {
  const random = createSeededRandom(1);
  const hasher = createPasswordHasher({ random, memory_KiB: 64, concurrency: 1, ...deps });
  const attempts = createLimits({ clock: createManualClock(0) });
  const check = createPasswordCheck({ hasher, attempts });
  const hash = await createPasswordHasher({ random, memory_KiB: 64 }).hash('a good sentence', CLIENT);
  return {
    matches: (password: string, client: Client = CLIENT) =>
      check.matches({ password, hash, account: 'ann', client }),
    /** Occupies the only place for a hash until it resolves. */
    busy: () => hasher.hash('somebody else', { address: '10.0.0.9' }),
  };
}
type Scene = Awaited<ReturnType<typeof createScene>>;

/** How many more wrong passwords are accepted for checking. */
async function left({ matches }: Scene): Promise<number> {
  for (let tried = 0; tried <= ALLOWED_WRONG; tried++) {
    try {
      assert.equal(await matches('a wrong sentence'), false);
    } catch (error) {
      assert.ok(isWarbleError(error, 'rate_limited'));
      return tried;
    }
  }
  return Number.POSITIVE_INFINITY;
}

test('a wrong password is counted and a right one is not; neither is throttled before ten were wrong', async () => {
  const scene = await createScene();
  for (let i = 0; i < 3 * ALLOWED_WRONG; i++) assert.equal(await scene.matches('a good sentence'), true);
  for (let i = 0; i < 4; i++) assert.equal(await scene.matches('a wrong sentence'), false);
  assert.equal(await left(scene), ALLOWED_WRONG - 4);
  await assert.rejects(scene.matches('a good sentence'), (error) => isWarbleError(error, 'rate_limited'));
});

test('an attempt that is refused because the queue is full does not count', async () => {
  for (const deps of [{ max: 1 }, { maxPerAddress: 1 }]) {
    const scene = await createScene(deps);
    // The first attempt occupies the whole queue.
    const first = scene.matches('a good sentence');
    for (let i = 0; i < 3 * ALLOWED_WRONG; i++) {
      await assert.rejects(scene.matches('a wrong sentence'), /try again in a moment/);
    }
    assert.equal(await first, true);
    assert.equal(await left(scene), ALLOWED_WRONG);
  }
});

test('an attempt whose client leaves while it is queued does not count and is not checked', async () => {
  const scene = await createScene();
  const busy = scene.busy();
  const gone = new Error('gone');
  for (let i = 0; i < 3 * ALLOWED_WRONG; i++) {
    const leaving = new AbortController();
    const asked = scene.matches('a wrong sentence', { ...CLIENT, signal: leaving.signal });
    leaving.abort(gone);
    await assert.rejects(asked, gone);
  }
  await busy;
  assert.equal(await left(scene), ALLOWED_WRONG);
});

test('an attempt whose client leaves while it is checked counts: hanging up does not allow free guesses', async () => {
  const scene = await createScene();
  for (let i = 0; i < 4; i++) {
    const leaving = new AbortController();
    const asked = scene.matches('a wrong sentence', { ...CLIENT, signal: leaving.signal });
    await Promise.resolve();
    leaving.abort(new Error('gone'));
    assert.equal(await asked, false);
  }
  assert.equal(await left(scene), ALLOWED_WRONG - 4);
});

test('concurrent attempts are counted before they are checked', async () => {
  const scene = await createScene({ maxPerAddress: 100 });
  const tries = await Promise.allSettled(
    Array.from({ length: 3 * ALLOWED_WRONG }, () => scene.matches('a wrong sentence')),
  );
  assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, ALLOWED_WRONG);
});
