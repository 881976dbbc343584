/** Which cookie, and which page, counts where: on loopback without TLS, behind a proxy, and under a public URL. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWarbleError } from '#domain/errors.ts';
import { callerOf } from './authentication.ts';
import { createTrustProxy } from './limits/addresses.ts';
import type { PublicSiteDeps } from './public-site.ts';
import { createSiteProbe } from './testing/public-site.ts';

interface Asked {
  host: string;
  method?: string;
  headers: Record<string, string>;
  /** From where the connection comes. */
  peer?: string;
  front?: Partial<PublicSiteDeps>;
}

/** Who is found by a request that came over plain HTTP, as it does from a proxy too. */
function found({ host, method = 'GET', headers, peer = '127.0.0.1', front = {} }: Asked): Promise<string> {
  const authenticate = async (token: string) => ({ userId: 7, sessionId: token });
  return createSiteProbe(front, async (request) => {
    try {
      return (await callerOf(request, 'required', authenticate))?.sessionId ?? 'nobody';
    } catch (error) {
      if (isWarbleError(error)) return error.code;
      throw error;
    }
  })({ method, peer, headers: { ...headers, host } });
}

const BOTH = { cookie: 'warble=plain; __Host-warble=bound' };
const PLAIN = { cookie: 'warble=plain' };
const PROXIES = createTrustProxy(['127.0.0.1', '10.0.0.0/8']);

test('the unprefixed cookie, which a neighbouring host could set, counts on loopback alone', async () => {
  for (const host of ['127.0.0.1:3000', 'localhost:3000', '[::1]:3000', '127.8.9.1']) {
    assert.equal(await found({ host, headers: BOTH }), 'plain', host);
    assert.equal(await found({ host, headers: PLAIN }), 'plain', host);
  }
  for (const host of ['warble.example', 'localhost.example:3000', '127.0.0.1.example', '10.0.0.1:3000']) {
    assert.equal(await found({ host, headers: BOTH }), 'bound', host);
    assert.equal(await found({ host, headers: PLAIN }), 'unauthenticated', host);
  }
});

test('what comes from a trusted proxy never counts as loopback, whatever Host and protocol it says', async () => {
  const front = { trustProxy: PROXIES };
  const said: Record<string, string>[] = [
    {},
    { 'x-forwarded-proto': 'http' },
    { 'x-forwarded-host': 'localhost' },
  ];
  for (const headers of said) {
    for (const peer of ['127.0.0.1', '::ffff:127.0.0.1', '10.1.2.3']) {
      const asked = { host: '127.0.0.1:3000', peer, front };
      assert.equal(await found({ ...asked, headers: { ...headers, ...BOTH } }), 'bound');
      assert.equal(await found({ ...asked, headers: { ...headers, ...PLAIN } }), 'unauthenticated');
    }
  }
  const direct = { host: 'localhost:3000', peer: '::1', front };
  assert.equal(await found({ ...direct, headers: BOTH }), 'plain', 'nobody named this peer');
});

test('a public URL decides, whatever the request says', async () => {
  const front = { publicUrl: 'https://warble.example' };
  assert.equal(await found({ host: '127.0.0.1:3000', headers: BOTH, front }), 'bound');
  const local = { publicUrl: 'http://localhost:8080' };
  assert.equal(await found({ host: 'other.example', headers: BOTH, front: local }), 'plain');
});

test('this site is its host, its port and, but for loopback, HTTPS', async () => {
  const write = (host: string, origin: string, front: Asked['front'] = {}) =>
    found({ host, method: 'POST', headers: { origin, cookie: 'warble=in; __Host-warble=in' }, front });
  assert.equal(await write('warble.example', 'https://warble.example'), 'in');
  assert.equal(await write('warble.example:443', 'https://warble.example'), 'in');
  assert.equal(await write('warble.example', 'http://warble.example'), 'forbidden');
  assert.equal(await write('warble.example', 'https://warble.example:8443'), 'forbidden');
  assert.equal(await write('warble.example', 'https://evil.example'), 'forbidden');
  assert.equal(await write('127.0.0.1:3000', 'http://127.0.0.1:3000'), 'in');
  assert.equal(await write('127.0.0.1:3000', 'https://127.0.0.1:3000'), 'forbidden');
  assert.equal(await write('127.0.0.1:3000', 'http://127.0.0.1:3001'), 'forbidden');
  const front = { publicUrl: 'https://warble.example', trustProxy: PROXIES };
  assert.equal(await write('127.0.0.1:3000', 'https://warble.example', front), 'in');
  assert.equal(await write('127.0.0.1:3000', 'https://127.0.0.1:3000', front), 'forbidden');
  assert.equal(await write('evil.example', 'https://evil.example', front), 'forbidden');
});

test('what a browser marks as another site’s reads no cookie', async () => {
  const host = '127.0.0.1:3000';
  const read = (headers: Record<string, string>) => found({ host, headers: { ...PLAIN, ...headers } });
  for (const site of ['cross-site', 'same-site', 'same-origin, cross-site', '']) {
    assert.equal(await read({ 'sec-fetch-site': site }), 'unauthenticated', site);
  }
  for (const site of ['same-origin', 'none']) assert.equal(await read({ 'sec-fetch-site': site }), 'plain');
  for (const origin of ['https://evil.example', 'null']) {
    assert.equal(await read({ origin }), 'unauthenticated', origin);
  }
  assert.equal(await read({ origin: `http://${host}` }), 'plain');
});
