/** What a browser asks and is told before it lets a page of another origin use the API. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Api, openApi, type Someone } from './testing/gateway.ts';

const ORIGIN = 'https://client.example';
const PAGE = { origin: ORIGIN, 'sec-fetch-site': 'cross-site' };
const names = (value: string | null) => (value ?? '').toLowerCase().split(/, */);

describe('a page of another origin', () => {
  let api: Api;
  let ada: Someone;
  before(async () => {
    api = await openApi();
    ada = await api.someone('ada');
  });
  after(async () => {
    await api.close();
  });
  const ask = (path: string, init: RequestInit = {}) => {
    const headers = { ...PAGE, ...(init.headers as Record<string, string>) };
    return fetch(api.url + path, { ...init, headers });
  };
  const preflight = (path: string, method: string, headers: string) =>
    ask(path, {
      method: 'OPTIONS',
      headers: { 'access-control-request-method': method, 'access-control-request-headers': headers },
    });

  test('may make every call of the API, with every header that a client needs', async () => {
    const wanted = ['authorization', 'content-type', 'idempotency-key', 'last-event-id', 'x-request-id'];
    for (const [path, item] of Object.entries(api.document.paths)) {
      const methods = Object.keys(item).map((method) => method.toUpperCase());
      for (const method of methods) {
        const response = await preflight(path.replaceAll(/\{\w+\}/g, '1'), method, wanted.join(','));
        assert.equal(response.status, 204, `${method} ${path}`);
        assert.equal(response.headers.get('access-control-allow-origin'), '*');
        assert.equal(response.headers.get('access-control-allow-credentials'), null);
        assert.ok(names(response.headers.get('access-control-allow-methods')).includes(method.toLowerCase()));
        const allowed = names(response.headers.get('access-control-allow-headers'));
        for (const name of wanted) assert.ok(allowed.includes(name), `${method} ${path}: ${name}`);
        assert.ok(Number(response.headers.get('access-control-max-age')) > 0);
        assert.equal(response.headers.get('set-cookie'), null);
      }
    }
  });

  test('may read every response, also of refusals, and what its headers say', async () => {
    const auth = { authorization: `Bearer ${ada.token}` };
    const json = { 'content-type': 'application/json' };
    const cases: [status: number, path: string, init?: RequestInit][] = [
      [200, '/api/v1/me', { headers: auth }],
      [200, '/api/v1/me/tweets?followed=true', { headers: auth }],
      [200, '/api/v1/tweets', { method: 'HEAD' }],
      [200, '/openapi.json'],
      [400, '/api/v1/tweets?limit=0'],
      [400, '/api/v1/%zz'],
      [401, '/api/v1/me'],
      [401, '/api/v1/me', { headers: { authorization: 'Bearer wrong' } }],
      [404, '/api/v1/nowhere'],
      [404, `/media/${'a'.repeat(32)}.png`],
      [405, '/api/v1/tweets', { method: 'PUT' }],
      [
        415,
        '/api/v1/postTweet',
        { method: 'POST', headers: { ...auth, 'content-type': 'text/x' }, body: '{}' },
      ],
      [200, '/api/v1/postTweet', { method: 'POST', headers: { ...auth, ...json }, body: '{"content":"hi"}' }],
    ];
    for (const [status, path, init] of cases) {
      const response = await ask(path, init);
      assert.equal(response.status, status, path);
      assert.equal(response.headers.get('access-control-allow-origin'), '*', path);
      assert.equal(response.headers.get('access-control-allow-credentials'), null, path);
      assert.equal(response.headers.get('set-cookie'), null, path);
      const exposed = names(response.headers.get('access-control-expose-headers'));
      for (const name of ['ratelimit', 'ratelimit-policy', 'retry-after', 'x-request-id', 'etag']) {
        assert.ok(exposed.includes(name), `${path}: ${name}`);
      }
    }
  });

  test('may follow a stream', async () => {
    const leaving = new AbortController();
    const headers = { authorization: `Bearer ${ada.token}` };
    const stream = await ask('/api/v1/stream', { headers, signal: leaving.signal });
    assert.deepEqual([stream.status, stream.headers.get('access-control-allow-origin')], [200, '*']);
    leaving.abort();
  });

  test('may sign in for a token, and never for a cookie', async () => {
    const login = (more: object) => {
      const body = JSON.stringify({ handle: 'ada', password: 'ada likes long passwords', ...more });
      return ask('/api/v1/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    };
    const token = await login({});
    assert.equal(token.status, 200);
    assert.ok(((await token.json()) as { token?: string }).token);
    const cookie = await login({ session: 'cookie' });
    assert.deepEqual([cookie.status, cookie.headers.get('set-cookie')], [403, null]);
  });

  test('may not read what is meant for users and for those who run the server', async () => {
    for (const path of ['/', '/docs', '/metrics', '/health/ready']) {
      assert.equal((await ask(path)).headers.get('access-control-allow-origin'), null, path);
      const asked = await preflight(path, 'GET', 'authorization');
      assert.equal(asked.headers.get('access-control-allow-origin'), null, path);
      assert.equal(asked.headers.get('access-control-allow-headers'), null, path);
    }
    assert.equal((await preflight('/api/v1/nowhere', 'GET', 'authorization')).status, 404);
  });
});
