/** What another site's page can make its visitor's browser do here: nothing that costs the visitor anything. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Ask, onSite, type Site } from './testing/accounts.ts';

const ANN = { handle: 'Ann', password: 'a good sentence' };
const EVIL = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
const OTHER = { 'sec-fetch-site': 'cross-site', origin: 'https://other.example' };

/** As a page sends it without asking first: fetch sets no Content-Type for bytes. */
async function sendSimply(site: Site, path: string, headers: Record<string, string>, type?: string) {
  const body = new TextEncoder().encode(JSON.stringify(ANN));
  const init = {
    method: 'POST',
    body,
    headers: type === undefined ? headers : { ...headers, 'content-type': type },
  };
  const response = await fetch(`${site.url}/api/v1${path}`, init);
  const problem = (await response.json()) as { code: string };
  return [response.status, problem.code];
}
const signUp = (site: Site, handle: string, headers = {}) =>
  site.call('POST', '/signup', { json: { ...ANN, handle }, headers });
const logIn = (site: Site, ask: Partial<Ask> = {}, password = ANN.password) =>
  site.call('POST', '/login', { json: { ...ANN, password }, ...ask });

test('signing up and in need Content-Type: application/json, and what lacks it counts as no attempt', () =>
  onSite(async (site) => {
    const types = [
      undefined,
      'text/plain',
      'text/plain; a="application/json"',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonx',
    ];
    for (const path of ['/signup', '/login']) {
      // Twice as often as somebody may sign up; also from an old browser, that marks nothing.
      for (const headers of [{}, EVIL]) {
        for (const type of types) {
          const refused = await sendSimply(site, path, headers, type);
          assert.deepEqual(refused, [415, 'unsupported_media_type'], `${path} ${type}`);
        }
      }
    }
    assert.equal((await signUp(site, 'Ann')).status, 200);
    const vendor = { 'content-type': 'application/json; charset=utf-8' };
    const body = JSON.stringify(ANN);
    const response = await fetch(`${site.url}/api/v1/login`, { method: 'POST', body, headers: vendor });
    assert.equal(response.status, 200);
  }));

test('wrong passwords that another site’s page tries do not count against its visitor', () =>
  onSite(async (site) => {
    await signUp(site, 'Ann');
    for (let i = 0; i < 10; i++) {
      assert.equal((await logIn(site, { headers: EVIL }, `wrong sentence ${i}`)).status, 401);
    }
    assert.equal((await logIn(site, { headers: EVIL })).status, 429, 'that page is stopped');
    assert.equal((await logIn(site)).status, 200, 'the visitor is not');
    assert.equal((await logIn(site, { headers: { 'sec-fetch-site': 'same-origin' } })).status, 200);
    assert.equal((await logIn(site, { headers: OTHER })).status, 200, 'nor is another client');
  }));

test('sign-ups and reads of another site’s page do not count against its visitor', () =>
  onSite(
    async (site) => {
      for (let i = 0; i < 5; i++) assert.equal((await signUp(site, `Evil${i}`, EVIL)).status, 200);
      assert.equal((await signUp(site, 'Evil9', EVIL)).status, 429);
      assert.equal((await signUp(site, 'Other', OTHER)).status, 200);
      assert.equal((await signUp(site, 'Ann')).status, 200);
      // An image or a script of another site: no Origin.
      const embedded = { 'sec-fetch-site': 'cross-site' };
      const read = async (headers = {}) => (await site.call('GET', '/nowhere', { headers })).status;
      for (let i = 0; i < 3; i++) assert.equal(await read(embedded), 404);
      assert.deepEqual([await read(embedded), await read()], [429, 404]);
    },
    { quotas: { read: { quota: 3, window_ms: 3_600_000 } } },
  ));

test('asking what one may send leaves the limits of calls alone', () =>
  onSite(
    async (site) => {
      const asking = { ...EVIL, 'access-control-request-method': 'GET' };
      for (let i = 0; i < 5; i++) {
        assert.equal((await site.request('OPTIONS', '/me', { headers: asking })).status, 204);
      }
      assert.equal((await site.request('GET', '/nowhere', { headers: EVIL })).status, 404);
      assert.equal((await site.request('GET', '/nowhere', { headers: EVIL })).status, 429);
    },
    { quotas: { read: { quota: 1, window_ms: 3_600_000 } } },
  ));

test('a client that is no browser gets no more sign-ups and attempts than four sites, though it names a thousand', () =>
  onSite(async (site) => {
    let signedUp = 0;
    let tried = 0;
    for (let i = 0; i < 30; i++) {
      const headers = { origin: `https://evil${i}.example` };
      if ((await signUp(site, `Evil${i}`, headers)).status === 200) signedUp++;
    }
    for (let i = 0; i < 60; i++) {
      // So that refusals are few enough to leave at once.
      site.clock.advance(1_000);
      const headers = { origin: `https://evil${i}.example` };
      if ((await logIn(site, { headers }, 'wrong sentence')).status === 401) tried++;
    }
    assert.deepEqual([signedUp, tried], [4 * 5, 4 * 10]);
    assert.equal((await signUp(site, 'Ann')).status, 200);
    assert.equal((await logIn(site)).status, 200);
  }));

test('another site’s page never gets, clears or uses a cookie', () =>
  onSite(async (site) => {
    const json = { ...ANN, session: 'cookie' };
    const same = { 'sec-fetch-site': 'same-origin' };
    const signedUp = await site.call('POST', '/signup', { json, headers: same });
    const cookie = signedUp.headers.getSetCookie()[0]!.split(';')[0]!;
    const marks: Record<string, string>[] = [
      EVIL,
      { 'sec-fetch-site': 'same-site', origin: 'https://sub.warble.example' },
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ];
    for (const headers of marks) {
      const why = JSON.stringify(headers);
      for (const [path, body] of [
        ['/login', json],
        ['/signup', { ...json, handle: 'Bob' }],
      ] as const) {
        const refused = await site.call('POST', path, { json: body, headers });
        assert.deepEqual([refused.status, refused.body.code], [403, 'forbidden'], `${path} ${why}`);
        assert.equal(refused.headers.get('set-cookie'), null, why);
      }
      assert.equal((await site.call('GET', '/me', { cookie, headers })).status, 401, why);
      const ended = await site.call('GET', '/me', { cookie: 'warble=ended', headers });
      assert.deepEqual([ended.status, ended.headers.get('set-cookie')], [401, null], why);
      const token = (await logIn(site)).body.token as string;
      const out = await site.call('POST', '/logout', { cookie, token, headers });
      assert.deepEqual([out.status, out.headers.get('set-cookie')], [200, null], why);
    }
    assert.equal((await site.call('GET', '/me', { cookie, headers: same })).status, 200);
    // One may follow a link from elsewhere and reload: the browser says "none" of what its user asked for.
    assert.equal(
      (await site.call('GET', '/me', { cookie, headers: { 'sec-fetch-site': 'none' } })).status,
      200,
    );
  }));
