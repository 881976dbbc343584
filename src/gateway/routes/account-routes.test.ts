import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Ask, onSite, type Site } from '../testing/accounts.ts';

const ANN = { handle: 'Ann', password: 'a good sentence', name: 'Ann' };
const SAME = { 'sec-fetch-site': 'same-origin' };
const OFF = { off: true };

async function signUp({ call }: Site, json: Record<string, unknown> = ANN) {
  const { status, body } = await call('POST', '/signup', { json });
  assert.equal(status, 200, JSON.stringify(body));
  return { userId: body.userId as string, token: body.token as string };
}
/** `name=value` of the cookie that a response sets. */
const cookieOf = (headers: Headers) => headers.getSetCookie()[0]!.split(';')[0]!;

test('one signs up, asks who one is, signs out, and the token is worth nothing any more', () =>
  onSite(async (site) => {
    const { userId, token } = await signUp(site);
    const me = await site.call('GET', '/me', { token });
    const created = new Date(site.clock.now()).toISOString();
    assert.deepEqual(me.body, {
      userId,
      handle: 'Ann',
      name: 'Ann',
      pictureUrl: null,
      protected: false,
      moderator: false,
      created,
    });
    const out = await site.call('POST', '/logout', { token });
    assert.deepEqual([out.status, out.body.status, out.body.time], [200, 200, created]);
    const after = await site.call('GET', '/me', { token });
    assert.deepEqual([after.status, after.body.code], [401, 'unauthenticated']);
    assert.match(after.headers.get('www-authenticate')!, /^Bearer/);
  }));

test('signing in answers a new token and when it ends', () =>
  onSite(async (site) => {
    const { userId } = await signUp(site);
    const { body } = await site.call('POST', '/login', { json: { handle: 'ann', password: ANN.password } });
    assert.deepEqual(Object.keys(body).sort(), ['expires', 'status', 'time', 'token', 'userId']);
    assert.equal(body.userId, userId);
    assert.equal(Date.parse(body.expires as string), site.clock.now() + 30 * 86_400_000);
  }));

test('an unknown handle and a wrong password cannot be told apart', () =>
  onSite(async (site) => {
    await signUp(site);
    const ask = async (handle: string) => {
      const { status, body } = await site.call('POST', '/login', {
        json: { handle, password: 'wrong sentence' },
      });
      return { status, body };
    };
    assert.deepEqual(await ask('ann'), await ask('nobody'));
    assert.equal((await ask('no handle at all!')).status, 401);
  }));

const badSignUps: [why: string, json: unknown, status: number, code: string, pointer: string | undefined][] =
  [
    ['no body', [], 400, 'invalid_request', undefined],
    ['no handle', { password: ANN.password }, 400, 'invalid_request', '#/handle'],
    ['a handle too long', { ...ANN, handle: 'sixteen_letters_' }, 400, 'invalid_request', '#/handle'],
    ['a handle of other letters', { ...ANN, handle: 'añn' }, 400, 'invalid_request', '#/handle'],
    ['a handle that is a number', { ...ANN, handle: 7 }, 400, 'invalid_request', '#/handle'],
    ['a reserved handle', { ...ANN, handle: 'Admin' }, 409, 'handle_taken', undefined],
    ['a password too short', { ...ANN, password: 'seven77' }, 400, 'invalid_request', '#/password'],
    ['a password too long', { ...ANN, password: 'x1'.repeat(65) }, 400, 'invalid_request', '#/password'],
    ['a common password', { ...ANN, password: 'Password123' }, 400, 'invalid_request', '#/password'],
    ['a name too long', { ...ANN, name: 'x'.repeat(51) }, 400, 'invalid_text', '#/name'],
    ['a name with a control character', { ...ANN, name: 'a\u0000b' }, 400, 'invalid_text', '#/name'],
    ['an unknown field', { ...ANN, admin: true }, 400, 'invalid_request', '#/admin'],
    ['an unknown kind of session', { ...ANN, session: 'jwt' }, 400, 'invalid_request', '#/session'],
  ];
test('faults of a sign-up are told by pointer, and no account is made', () =>
  onSite(async ({ call }) => {
    for (const [why, json, status, code, pointer] of badSignUps) {
      const response = await call('POST', '/signup', { json });
      assert.deepEqual([response.status, response.body.code], [status, code], why);
      const [error] = (response.body.errors ?? []) as { pointer: string }[];
      if (pointer !== undefined) assert.equal(error?.pointer, pointer, why);
    }
    assert.equal(
      (await call('POST', '/login', { json: { handle: 'Ann', password: ANN.password } })).status,
      401,
    );
  }, OFF));

test('a handle in use is taken, whatever its case', () =>
  onSite(async (site) => {
    await signUp(site);
    const { status, body } = await site.call('POST', '/signup', { json: { ...ANN, handle: 'aNN' } });
    assert.deepEqual([status, body.code], [409, 'handle_taken']);
  }));

test('sessions are listed and ended by their ids, one’s own only', () =>
  onSite(async (site) => {
    const { token } = await signUp(site);
    const bob = await signUp(site, { ...ANN, handle: 'Bob' });
    const other = await site.call('POST', '/login', {
      json: { handle: 'Ann', password: ANN.password },
      headers: { 'user-agent': 'a phone' },
    });
    type Listed = { id: string; device: string; current: boolean };
    const list = async () => (await site.call('GET', '/sessions', { token })).body.sessions as Listed[];
    const phone = (await list()).find(({ device }) => device === 'a phone')!;
    assert.equal(phone.current, false);
    await site.call('DELETE', `/sessions/${phone.id}`, { token: bob.token });
    assert.equal((await list()).length, 2, 'it is not Bob’s');
    for (let again = 0; again < 2; again++) {
      assert.equal((await site.call('DELETE', `/sessions/${phone.id}`, { token })).status, 200);
    }
    assert.deepEqual(
      (await list()).map(({ current }) => current),
      [true],
    );
    assert.equal((await site.call('GET', '/me', { token: other.body.token as string })).status, 401);
    for (const id of ['0', '-1', 'x', '12345678901234567']) {
      assert.equal((await site.call('DELETE', `/sessions/${id}`, { token })).status, 400, id);
    }
    assert.equal((await site.call('DELETE', '/sessions/9999999999999999', { token })).status, 200);
  }));

test('a new password ends the other sessions', () =>
  onSite(async (site) => {
    const { token } = await signUp(site);
    const login = { handle: 'Ann', password: ANN.password };
    const other = await site.call('POST', '/login', { json: login });
    const change = (json: unknown) => site.call('POST', '/password', { token, json });
    const wrong = await change({ current: 'not this one', new: 'another sentence' });
    assert.deepEqual([wrong.status, wrong.body.code], [403, 'forbidden']);
    assert.equal((await change({ current: ANN.password, new: 'letmein123' })).status, 400);
    assert.equal((await change({ current: ANN.password, new: 'another sentence' })).status, 200);
    assert.equal((await site.call('GET', '/me', { token })).status, 200);
    assert.equal((await site.call('GET', '/me', { token: other.body.token as string })).status, 401);
    assert.equal((await site.call('POST', '/login', { json: login })).status, 401);
  }));

test('an account ends with its password only; its token and its handle are then worth nothing', () =>
  onSite(async (site) => {
    const { token } = await signUp(site);
    const remove = (json: unknown) => site.call('DELETE', '/me', { token, json });
    assert.equal((await remove({ password: 'not this one' })).status, 403);
    assert.equal((await remove({})).status, 400);
    assert.equal((await remove({ password: ANN.password })).status, 200);
    assert.equal((await site.call('GET', '/me', { token })).status, 401);
    assert.equal((await site.call('POST', '/signup', { json: ANN })).status, 409);
  }));

test('with session: cookie a browser gets a cookie, no token, and is signed in by it', () =>
  onSite(async (site) => {
    const json = { ...ANN, session: 'cookie' };
    const response = await site.call('POST', '/signup', { json, headers: SAME });
    assert.deepEqual([response.status, response.body.token], [200, undefined]);
    const [set] = response.headers.getSetCookie();
    assert.match(set!, /^warble=[\w-]{43}; Path=\/; Max-Age=31536000; HttpOnly; SameSite=Lax$/);
    const cookie = cookieOf(response.headers);
    assert.equal((await site.call('GET', '/me', { cookie })).status, 200);
    const out = await site.call('POST', '/logout', { cookie, headers: SAME });
    assert.match(out.headers.getSetCookie().join(), /warble=; Path=\/; Max-Age=0/);
    assert.equal((await site.call('GET', '/me', { cookie })).status, 401);
  }));

test('anywhere but on loopback the cookie is bound to HTTPS and to the host', () =>
  onSite(async ({ url }) => {
    // A server behind a proxy that ends TLS: the Host is the public one. (fetch sets no Host, so by hand.)
    const { request } = await import('node:http');
    const body = JSON.stringify({ ...ANN, session: 'cookie' });
    const headers = { ...SAME, host: 'warble.example', 'content-type': 'application/json' };
    const set = await new Promise<string>((resolve, reject) => {
      const sent = request(`${url}/api/v1/signup`, { method: 'POST', headers }, (response) => {
        response.resume();
        resolve(String(response.headers['set-cookie']));
      });
      sent.on('error', reject);
      sent.end(body);
    });
    assert.match(set, /^__Host-warble=[\w-]{43}; Path=\/; Max-Age=31536000; Secure; HttpOnly; SameSite=Lax$/);
  }));

const crossSite: [why: string, headers: (url: string) => Record<string, string>, allowed: boolean][] = [
  ['this very site', () => SAME, true],
  ['an older browser on this site', (url) => ({ origin: url }), true],
  ['another site', () => ({ 'sec-fetch-site': 'cross-site' }), false],
  ['a sibling of this site', () => ({ 'sec-fetch-site': 'same-site' }), false],
  ['an older browser on another site', () => ({ origin: 'https://evil.example' }), false],
  ['the same host on another port', () => ({ origin: 'http://127.0.0.1:1' }), false],
  ['a site without a name', () => ({ origin: 'null' }), false],
  ['a form that says nothing', () => ({}), false],
];
test('what comes by cookie changes something from this site only: writes, uploads and signing in', () =>
  onSite(async (site) => {
    const signedUp = await site.call('POST', '/signup', {
      json: { ...ANN, session: 'cookie' },
      headers: SAME,
    });
    const cookie = cookieOf(signedUp.headers);
    for (const [why, headersFor, allowed] of crossSite) {
      const headers = headersFor(site.url);
      const form = new FormData();
      form.set('alt', 'x');
      const asks: [string, string, Ask, number][] = [
        ['DELETE', '/sessions/1', { cookie, headers }, 200],
        // Let in, it is refused for want of a file.
        ['POST', '/media', { cookie, headers, form }, 400],
        [
          'POST',
          '/login',
          { headers, json: { handle: 'Ann', password: ANN.password, session: 'cookie' } },
          200,
        ],
      ];
      for (const [method, path, ask, status] of asks) {
        const response = await site.call(method, path, ask);
        assert.equal(response.status, allowed ? status : 403, `${method} ${path}: ${why}`);
      }
      // A browser's mark of another site makes the cookie unread; where there is no mark, there may be no browser.
      const reads = allowed || Object.keys(headers).length === 0;
      const read = await site.call('GET', '/me', { cookie, headers });
      assert.equal(read.status, reads ? 200 : 401, `reading: ${why}`);
      assert.equal(read.headers.get('set-cookie'), null, why);
    }
  }, OFF));

test('a token needs no site, and decides where a cookie is there too', () =>
  onSite(async (site) => {
    const ann = await site.call('POST', '/signup', { json: { ...ANN, session: 'cookie' }, headers: SAME });
    const bob = await signUp(site, { ...ANN, handle: 'Bob' });
    const cookie = cookieOf(ann.headers);
    const cross = { 'sec-fetch-site': 'cross-site' };
    const me = await site.call('GET', '/me', { cookie, token: bob.token });
    assert.equal(me.body.handle, 'Bob');
    const write = await site.call('DELETE', '/sessions/1', { cookie, token: bob.token, headers: cross });
    assert.equal(write.status, 200);
    assert.equal((await site.call('GET', '/me', { cookie, token: 'wrong' })).status, 401);
  }));

test('limits are told in header fields, and beyond them one is told when to come back', () =>
  onSite(async (site) => {
    const { token } = await signUp(site);
    const me = await site.call('GET', '/me', { token });
    assert.equal(me.headers.get('ratelimit-policy'), '"read";q=900;w=900');
    assert.match(me.headers.get('ratelimit')!, /^"read";r=899;t=\d+$/);
    for (let i = 0; i < 4; i++) await signUp(site, { ...ANN, handle: `Ann${i}` });
    const sixth = await site.call('POST', '/signup', { json: { ...ANN, handle: 'Ann9' } });
    assert.deepEqual([sixth.status, sixth.body.code], [429, 'rate_limited']);
    const wait_s = Number(sixth.headers.get('retry-after'));
    assert.ok(wait_s > 3_600 && wait_s <= 3_840);
    site.clock.advance(wait_s * 1_000);
    await signUp(site, { ...ANN, handle: 'Ann9' });
  }));

test('a guesser of passwords is stopped, the user is not', () =>
  onSite(
    async (site) => {
      await signUp(site);
      const guess = (password: string, address: string) =>
        site.call('POST', '/login', {
          json: { handle: 'Ann', password },
          headers: { 'x-forwarded-for': address },
        });
      for (let i = 0; i < 10; i++) assert.equal((await guess(`wrong sentence ${i}`, '10.0.0.1')).status, 401);
      assert.equal((await guess(ANN.password, '10.0.0.1')).status, 429, 'even when the guess is right');
      assert.equal((await guess(ANN.password, '10.0.0.2')).status, 200);
    },
    { trustedProxies: ['127.0.0.1'] },
  ));

test('with a stolen token one cannot go through passwords either', () =>
  onSite(async (site) => {
    const { token } = await signUp(site);
    for (let i = 0; i < 10; i++) {
      const json = { current: `wrong sentence ${i}`, new: 'another sentence' };
      assert.equal((await site.call('POST', '/password', { token, json })).status, 403);
    }
    assert.equal((await site.call('DELETE', '/me', { token, json: { password: ANN.password } })).status, 429);
  }));

test('switched off, no limit stands in the way', () =>
  onSite(async (site) => {
    for (let i = 0; i < 8; i++) await signUp(site, { ...ANN, handle: `Ann${i}` });
    const { headers } = await site.call('POST', '/login', { json: { handle: 'x', password: 'y' } });
    assert.equal(headers.get('ratelimit'), null);
  }, OFF));
