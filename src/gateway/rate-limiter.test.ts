import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Ask, drip, onSite, type Site } from './testing/accounts.ts';
import { openApi } from './testing/gateway.ts';

async function signedIn(site: Site, handle: string): Promise<string> {
  const json = { handle, password: 'a good sentence' };
  return (await site.call('POST', '/signup', { json })).body.token as string;
}

test('a user with unfinished requests holds only the permits of one user', () =>
  onSite(
    async (site) => {
      const [ann, bob] = [await signedIn(site, 'ann'), await signedIn(site, 'bob')];
      const head = [`Authorization: Bearer ${ann}`];
      const { refused, hangUp } = await drip(site, { count: 3, path: '/password', head, body: '{"' });
      assert.match(refused, /^HTTP\/1\.1 429 [\s\S]*retry-after: 1[\s\S]*"code":"rate_limited"/);
      assert.equal((await site.call('GET', '/me', { token: ann })).status, 429);
      assert.equal((await site.call('GET', '/me', { token: bob })).status, 200, 'somebody else');
      hangUp();
      while ((await site.call('GET', '/me', { token: ann })).status !== 200);
    },
    { maxConcurrent: { user: 2 }, quotas: { read: { quota: 60_000, window_ms: 1_000 } } },
  ));

test('without a token the address has its permits, and others for pictures', () =>
  onSite(
    async (site) => {
      const token = await signedIn(site, 'ann');
      const { hangUp } = await drip(site, {
        count: 2,
        path: '/login',
        head: ['Content-Type: application/json'],
        body: '{"',
      });
      const signIn = () => site.call('POST', '/login', { json: {} });
      assert.equal((await signIn()).status, 429);
      assert.equal((await site.request('GET', `/media/${'a'.repeat(32)}.png`)).status, 404);
      assert.equal((await site.call('GET', '/me', { token })).status, 200, 'who is signed in has their own');
      hangUp();
      while ((await signIn()).status === 429);
    },
    { maxConcurrent: { withoutToken: 1 } },
  ));

test('however many accounts one address has, all of them together keep only the permits of an address', () =>
  onSite(
    async (site) => {
      const tokens: string[] = [];
      for (const handle of ['ann', 'bob', 'cat']) tokens.push(await signedIn(site, handle));
      const [ann, bob, cat] = tokens.map((token) => ({ token, headers: { 'x-forwarded-for': '1.2.3.4' } }));
      const keep = ({ token }: Ask) =>
        drip(site, {
          count: 2,
          path: '/password',
          head: [`Authorization: Bearer ${token}`, 'X-Forwarded-For: 1.2.3.4'],
          body: '{"',
        });
      const held = [await keep(ann!), await keep(bob!)];
      const refused = await site.call('GET', '/me', cat);
      assert.deepEqual([refused.status, refused.body.code], [429, 'rate_limited'], 'somebody new');
      assert.match(String(refused.body.detail), /At most 2 requests at once from one address/);
      const anybody = { headers: cat!.headers, json: {} };
      assert.equal((await site.call('POST', '/login', anybody)).status, 429, 'no token');
      assert.equal((await site.call('GET', '/me', { token: cat!.token })).status, 200, 'from elsewhere');
      for (const { hangUp } of held) hangUp();
      while ((await site.call('GET', '/me', cat)).status !== 200);
    },
    {
      maxConcurrent: { user: 1, address: 2 },
      trustedProxies: ['127.0.0.1'],
      quotas: { read: { quota: 60_000, window_ms: 1_000 } },
    },
  ));

test('reads that cost more count as several of their user', async () => {
  const api = await openApi({ rateLimits: 'on' });
  try {
    const ann = await api.someone('ann');
    const left = async (path: string) => {
      const { headers } = await ann.get(path);
      return Number(/r=(\d+)/.exec(headers.get('ratelimit')!)![1]);
    };
    const home = '/me/tweets?followed=true';
    const graph = [`/${ann.id}/mutuals`, `/${ann.id}/followers-you-know`, '/me/suggestions'];
    const later = [`${home}&cursor=x`, `${home}&%63ursor=x`, '/me/tweets?cursor=x&followed=true'];
    const paths = ['/me', home, ...later, ...graph, '/me/notifications'];
    let before = await left('/me');
    const weights: number[] = [];
    for (const path of paths) {
      const now = await left(path);
      weights.push(before - now);
      before = now;
    }
    assert.deepEqual(weights, [1, 1, 2, 2, 2, 3, 3, 3, 3]);
  } finally {
    await api.close();
  }
});

test('switched off, permits are not counted by user or address', () =>
  onSite(
    async (site) => {
      const token = await signedIn(site, 'ann');
      assert.equal((await site.call('GET', '/me', { token })).status, 200);
    },
    { off: true, maxConcurrent: { user: 0, withoutToken: 0, address: 0 } },
  ));
