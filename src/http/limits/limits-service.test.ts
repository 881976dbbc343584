import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWarbleError } from '#domain/errors.ts';
import { createManualClock } from '#platform/clock.ts';
import { createLimits } from './limits-service.ts';

const MINUTE_MS = 60_000;
const limitsAt = (clock = createManualClock(0)) => ({ clock, limits: createLimits({ clock }) });

test('a user posts 300 times an hour, and is told so in the header fields of the IETF draft', () => {
  const { clock, limits } = limitsAt();
  const first = limits.take('post', 7);
  assert.equal(first?.policyHeader, '"post";q=300;w=3600');
  assert.equal(first?.header, '"post";r=299;t=3840');
  for (let i = 0; i < 299; i++) assert.equal(limits.take('post', 7)?.allowed, true);
  assert.equal(limits.take('post', 7)?.allowed, false);
  assert.equal(limits.take('post', 8)?.allowed, true, 'somebody else');
  assert.equal(limits.take('write', 7)?.allowed, true, 'something else');
  clock.advance(64 * MINUTE_MS);
  assert.equal(limits.take('post', 7)?.allowed, true);
});

test('a read that costs more counts as several for a user', () => {
  const { limits } = limitsAt();
  assert.equal(limits.take('read', 7, null, 3)?.remaining, 897);
  assert.equal(limits.take('read', 7)?.remaining, 896);
});

test('setting the wall clock opens no window', () => {
  const { clock, limits } = limitsAt();
  for (let i = 0; i < 5; i++) limits.take('signUp', '10.0.0.1');
  clock.setWall(10 * 86_400_000);
  assert.equal(limits.take('signUp', '10.0.0.1')?.allowed, false);
});

test('a user and an address of the same digits are counted apart', () => {
  const { limits } = limitsAt();
  for (let i = 0; i < 5; i++) limits.take('signUp', '7');
  assert.equal(limits.take('signUp', 7)?.allowed, true);
});

test('guessing passwords is stopped for that account and that address, and locks no user out', () => {
  const { clock, limits } = limitsAt();
  const attempt = (account: string, address: string) => limits.attempt({ account, address });
  for (let i = 0; i < 10; i++) attempt('Ann', '10.0.0.1');
  assert.throws(
    () => attempt('aNN', '10.0.0.1'),
    (error) => isWarbleError(error, 'rate_limited') && error.retryAfter_s === 16 * 60,
  );
  // The user herself, from where she is; and somebody else in the attacker's house.
  attempt('ann', '10.0.0.2').giveBack();
  attempt('bob', '10.0.0.1').giveBack();
  clock.advance(16 * MINUTE_MS);
  attempt('ann', '10.0.0.1');
});

test('one address cannot try one password on everybody', () => {
  const { limits } = limitsAt();
  for (let i = 0; i < 100; i++) limits.attempt({ account: `p${i}`, address: '10.0.0.1' });
  assert.throws(() => limits.attempt({ account: 'p100', address: '10.0.0.1' }), /Too many wrong passwords/);
  limits.attempt({ account: 'p100', address: '10.0.0.2' });
});

test('signing in with the right password is never throttled', () => {
  const { limits } = limitsAt();
  for (let i = 0; i < 500; i++) limits.attempt({ account: 'ann', address: '10.0.0.1' }).giveBack();
});

test('switched off, nothing is counted', () => {
  const limits = createLimits({ clock: createManualClock(0), off: true });
  for (let i = 0; i < 50; i++) limits.attempt({ account: 'ann', address: 'a' });
  assert.equal(limits.take('signUp', 'a'), null);
});
