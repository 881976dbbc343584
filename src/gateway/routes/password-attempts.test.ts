import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPasswordHasher, type PasswordHasher } from '#accounts/password-hasher.ts';
import { systemRandom } from '#platform/random.ts';
import { onSite, type Site } from '../testing/accounts.ts';

const PASSWORD = 'a good sentence';
const ALLOWED_WRONG = 10;
const cheap = createPasswordHasher({ random: systemRandom, memory_KiB: 64 });
const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
const behindProxy = { trustedProxies: ['127.0.0.1'] };

async function signUp(site: Site, handle: string, address: string): Promise<string> {
  const json = { handle, password: PASSWORD };
  const { status, body } = await site.call('POST', '/signup', { json, ...from(address) });
  assert.equal(status, 200, JSON.stringify(body));
  return body.token as string;
}

function logIn(site: Site, password: string, address = '10.0.0.2') {
  return site.call('POST', '/login', { json: { handle: 'ann', password }, ...from(address) });
}

/** Statuses of eleven sign-ins with a wrong password: the eleventh alone is throttled if none counted before. */
async function wrongOnes(site: Site): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i <= ALLOWED_WRONG; i++) statuses.push((await logIn(site, 'a wrong sentence')).status);
  return statuses;
}
const NONE_COUNTED = [...new Array<number>(ALLOWED_WRONG).fill(401), 429];

test('80 changes of passwords from one address do not keep others from signing in', () =>
  onSite(
    async (site) => {
      await signUp(site, 'ann', '10.0.0.2');
      const tokens: string[] = [];
      for (let i = 0; i < 8; i++) tokens.push(await signUp(site, `bot${i}`, `10.0.1.${i}`));
      const bots = tokens.flatMap((token) => Array.from({ length: 10 }, () => token));
      const json = { current: 'a wrong sentence', new: 'another sentence' };
      let refused = 0;
      const { promise: full, resolve: isFull } = Promise.withResolvers<void>();
      const attack = bots.map(async (token) => {
        const { status } = await site.call('POST', '/password', { token, json, ...from('10.0.0.1') });
        if (status !== 403 && ++refused === 1) isFull();
        return status;
      });
      await Promise.race([full, Promise.all(attack)]);
      assert.equal((await logIn(site, PASSWORD)).status, 200);
      const statuses = await Promise.all(attack);
      assert.deepEqual([...new Set(statuses)].sort(), [403, 429], 'the address alone is told to come back');
      assert.deepEqual(await wrongOnes(site), NONE_COUNTED);
    },
    { ...behindProxy, hasher: createPasswordHasher({ random: systemRandom }) },
  ));

test('a sign-in that is refused for want of room is no wrong password', () => {
  const full = createPasswordHasher({ random: systemRandom, memory_KiB: 64, max: 0 });
  let hasher: PasswordHasher = cheap;
  const switched: PasswordHasher = {
    ...cheap,
    verify: (password, hash, client) => hasher.verify(password, hash, client),
  };
  return onSite(
    async (site) => {
      await signUp(site, 'ann', '10.0.0.2');
      hasher = full;
      for (let i = 0; i < 2 * ALLOWED_WRONG; i++) {
        const { status, headers } = await logIn(site, PASSWORD);
        assert.deepEqual([status, headers.get('retry-after')], [503, '1']);
      }
      hasher = cheap;
      assert.equal((await logIn(site, PASSWORD)).status, 200);
      assert.deepEqual(await wrongOnes(site), NONE_COUNTED);
    },
    { ...behindProxy, hasher: switched },
  );
});

test('a new password that is refused is no wrong one, and says nothing of the current one', () =>
  onSite(async (site) => {
    const token = await signUp(site, 'ann', '10.0.0.2');
    const change = (current: string, next: string) =>
      site.call('POST', '/password', { token, json: { current, new: next } });
    for (let i = 0; i < 2 * ALLOWED_WRONG; i++) {
      assert.equal((await change(i % 2 === 0 ? PASSWORD : 'a wrong sentence', 'password123')).status, 400);
    }
    assert.equal((await change('a wrong sentence', 'another sentence')).status, 403);
    assert.equal((await change(PASSWORD, 'another sentence')).status, 200);
  }, behindProxy));

test('a request that ends before its password is looked at is no wrong password', () => {
  let waiting: (() => void) | undefined;
  // Nobody's turn comes until the client has left.
  const slow: PasswordHasher = {
    ...cheap,
    async verify(password, hash, client) {
      if (waiting === undefined) return cheap.verify(password, hash, client);
      const signal = client.signal!;
      const left = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      waiting();
      await left;
      throw signal.reason;
    },
  };
  return onSite(
    async (site) => {
      await signUp(site, 'ann', '10.0.0.2');
      for (let i = 0; i < 2 * ALLOWED_WRONG; i++) {
        const { promise: begun, resolve } = Promise.withResolvers<void>();
        waiting = resolve;
        const leaving = new AbortController();
        const asked = fetch(`${site.url}/api/v1/login`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-forwarded-for': '10.0.0.2' },
          body: JSON.stringify({ handle: 'ann', password: 'a wrong sentence' }),
          signal: leaving.signal,
        });
        await begun;
        leaving.abort();
        await assert.rejects(asked);
      }
      waiting = undefined;
      // The server learns a moment later that the last of them is gone.
      for (let tried = 0; (await logIn(site, PASSWORD)).status !== 200; tried++) assert.ok(tried < 1_000);
      assert.deepEqual(await wrongOnes(site), NONE_COUNTED);
    },
    { ...behindProxy, hasher: slow },
  );
});
