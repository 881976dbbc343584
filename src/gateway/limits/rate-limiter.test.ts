import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drip, onSite, type Site } from '../routes/account-test-support.ts';

async function signedIn(site: Site, handle: string): Promise<string> {
  const json = { handle, password: 'a good sentence' };
  return (await site.call('POST', '/signup', { json })).body.token as string;
}

test('whoever keeps requests unfinished keeps only the places of one person', () =>
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
    { atOnce: { person: 2 }, quotas: { read: { quota: 60_000, window_ms: 1_000 } } },
  ));

test('without a token the address has its places, for pictures too', () =>
  onSite(
    async (site) => {
      const token = await signedIn(site, 'ann');
      const { hangUp } = await drip(site, { count: 2, path: '/login', head: [], body: '{"' });
      const picture = () => site.request('GET', `/media/${'a'.repeat(32)}.png`);
      assert.equal((await picture()).status, 429);
      assert.equal((await site.call('GET', '/me', { token })).status, 200, 'who is signed in has their own');
      hangUp();
      while ((await picture()).status !== 404);
    },
    { atOnce: { address: 1 } },
  ));

test('switched off, nobody has a number of places', () =>
  onSite(
    async (site) => {
      const token = await signedIn(site, 'ann');
      assert.equal((await site.call('GET', '/me', { token })).status, 200);
    },
    { off: true, atOnce: { person: 0, address: 0 } },
  ));
