import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WarbleError } from '#domain/errors.ts';
import { createManualClock } from '#platform/clock.ts';
import { countedAddress } from './addresses.ts';
import { createLimits } from './limits-service.ts';
import { createAddressCounters, networkOf } from './networks.ts';

test('the /48 of a /64, and none of an IPv4 address', () => {
  assert.equal(networkOf(countedAddress('2001:db8:1:2:3:4:5:6')), '2001:db8:1::/48');
  assert.equal(networkOf(countedAddress('2001:db8::1')), '2001:db8:0::/48');
  assert.equal(networkOf(countedAddress('::1')), '0:0:0::/48');
  assert.equal(networkOf('10.0.0.1'), null);
});

test('a /48 holds four times what a /64 may, and gives it back', () => {
  const counters = createAddressCounters();
  const network = (n: number) => `2001:db8:1:${n}::/64`;
  for (let n = 0; n < 4; n++) {
    for (let i = 0; i < 2; i++) counters.take(network(n));
    assert.equal(counters.hasRoom(network(n), 2), false);
  }
  assert.equal(counters.hasRoom(network(9), 2), false, 'the /48 is full');
  assert.equal(counters.hasRoom('2001:db8:2:0::/64', 2), true);
  counters.free(network(0));
  assert.equal(counters.hasRoom(network(9), 2), true);
});

test('requests and wrong passwords count by /64 and, at four times the quota, by /48', () => {
  const limits = createLimits({ clock: createManualClock(0) });
  const network = (n: number) => `2001:db8:1:${n.toString(16)}::/64`;
  let allowed = 0;
  for (let n = 0; n < 100; n++) if (limits.take('signUp', network(n))?.allowed) allowed++;
  assert.equal(allowed, 20);
  assert.equal(limits.take('signUp', '2001:db8:2:0::/64')?.allowed, true);
  for (let n = 0; n < 40; n++) limits.attempt({ account: 'ann', address: network(n) });
  assert.throws(() => limits.attempt({ account: 'ann', address: network(99) }), /Too many wrong passwords/);
  limits.attempt({ account: 'bob', address: network(99) });
});

const bad = async () => {
  throw new WarbleError('unauthenticated', 'This token is none.');
};
const good = async () => 'found';

test('an address shows 60 bad tokens, also at once; more are not looked up', async () => {
  const { tokens } = createLimits({ clock: createManualClock(0) });
  let lookedUp = 0;
  const shown = Array.from({ length: 200 }, (_, i) =>
    tokens.check({ token: `bad token number ${i}`, address: 'a' }, () => {
      lookedUp++;
      return bad();
    }),
  );
  const codes = (await Promise.allSettled(shown)).map(
    (result) => (result as PromiseRejectedResult).reason.code,
  );
  assert.equal(lookedUp, 60);
  assert.deepEqual(
    [codes[0], codes[59], codes[60], codes[199]],
    ['unauthenticated', 'unauthenticated', 'rate_limited', 'rate_limited'],
  );
});

test('a user at the address of a guesser stays signed in, and can sign in', async () => {
  const { tokens } = createLimits({ clock: createManualClock(0) });
  const ann = { token: 'ann has this token', address: 'a' };
  assert.equal(await tokens.check(ann, good), 'found');
  for (let i = 0; i < 60; i++) {
    await assert.rejects(tokens.check({ token: `bad token number ${i}`, address: 'a' }, bad));
  }
  assert.equal(await tokens.check(ann, good), 'found');
  tokens.issued('bob has this token');
  assert.equal(await tokens.check({ token: 'bob has this token', address: 'a' }, good), 'found');
  await assert.rejects(tokens.check({ token: 'cat has this token', address: 'a' }, good), /wait/);
  assert.equal(await tokens.check({ token: 'cat has this token', address: 'b' }, good), 'found');
});

test('a token that has ended is bad like any other', async () => {
  const { tokens } = createLimits({ clock: createManualClock(0) });
  const ann = { token: 'ann has this token', address: 'a' };
  await tokens.check(ann, good);
  let lookedUp = 0;
  for (let i = 0; i < 200; i++) {
    const lookUp = () => {
      lookedUp++;
      return bad();
    };
    await assert.rejects(tokens.check(ann, lookUp));
  }
  assert.equal(lookedUp, 60);
});

test('good tokens are not counted, however many an address shows', async () => {
  const { tokens } = createLimits({ clock: createManualClock(0) });
  for (let i = 0; i < 200; i++) {
    assert.equal(await tokens.check({ token: `${i} is a good token`, address: 'a' }, good), 'found');
  }
});
