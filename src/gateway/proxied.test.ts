/** A server of which a proxy or a public URL is named: nothing that reaches it counts as this machine's own. */
import assert from 'node:assert/strict';
import { get } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { Gauge } from 'prom-client';
import { openMetricsListener } from '#http/metrics-page.ts';
import { type Api, openApi } from './testing/gateway.ts';

function fails(): never {
  throw new Error('cannot be read');
}

/** A response to a request whose Host may be chosen, as fetch lets nobody do. */
function ask(url: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    get(url, { headers }, async (response) => {
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
      resolve({ status: response.statusCode ?? 0, text });
    }).on('error', reject);
  });
}

const FRONTS = {
  'a trusted proxy': { trustedProxies: ['127.0.0.1'] },
  'a public URL': { publicUrl: 'https://warble.example' },
  'a proxy elsewhere': { trustedProxies: ['10.0.0.0/8'] },
};
for (const [name, front] of Object.entries(FRONTS)) {
  describe(`a server behind ${name}`, () => {
    let api: Api;
    before(async () => {
      api = await openApi(front);
    });
    after(async () => {
      await api.close();
    });

    test('gives its metrics only to the bearer of the token, from anywhere', async () => {
      const metrics = `${api.url}/metrics`;
      // What nginx sends with a bare proxy_pass: the Host of this server, and nothing of the client.
      assert.equal((await ask(metrics)).status, 401);
      assert.equal((await ask(metrics, { host: 'localhost' })).status, 401);
      assert.equal((await ask(metrics, { authorization: 'Bearer wrong' })).status, 401);
      assert.equal((await ask(metrics, { authorization: 'Bearer metrics-secret' })).status, 200);
    });
  });
}

describe('the index page', () => {
  test('shows links by HTTPS wherever a password would leave this machine', async (context) => {
    const cases: [front: Parameters<typeof openApi>[0], host: string | undefined, origin: string][] = [
      [{ trustedProxies: ['127.0.0.1'] }, undefined, 'https://127.0.0.1'],
      [{ trustedProxies: ['127.0.0.1'] }, 'warble.example', 'https://warble.example'],
      [{ publicUrl: 'https://warble.example' }, undefined, 'https://warble.example'],
      [{}, 'warble.example', 'https://warble.example'],
      [{}, undefined, 'http://127.0.0.1'],
    ];
    for (const [front, host, origin] of cases) {
      const api = await openApi(front);
      context.after(() => api.close());
      const { text } = await ask(api.url, host === undefined ? {} : { host });
      assert.ok(text.includes(`curl -s ${origin}`), `${JSON.stringify(front)} ${host}`);
      assert.equal(text.includes('http://'), origin.startsWith('http:'), `${JSON.stringify(front)} ${host}`);
    }
  });
});

test('the OpenAPI document names the server by its public URL, where that is known', async (context) => {
  for (const [front, url] of [
    [{ publicUrl: 'https://warble.example' }, 'https://warble.example'],
    [{}, '/'],
  ] as const) {
    const api = await openApi(front);
    context.after(() => api.close());
    assert.deepEqual(api.document.servers, [{ url }]);
  }
});

test('a port of loopback gives metrics to this machine without a token, and nothing else to anybody', async (context) => {
  const api = await openApi(FRONTS['a trusted proxy']);
  context.after(() => api.close());
  const failures: unknown[] = [];
  const onError = (error: unknown) => void failures.push(error);
  const { url, close } = await openMetricsListener({ registry: api.registry, port: 0, onError });
  context.after(() => close());
  const { status, text } = await ask(url);
  assert.equal(status, 200);
  assert.match(text, /warble_http_requests_in_flight 0/);
  assert.equal((await ask(url, { host: 'evil.example' })).status, 401, 'a name that was pointed here');
  assert.equal((await ask(url, { 'x-forwarded-for': '1.2.3.4' })).status, 401, 'a proxy');
  for (const path of ['/', '/api/v1/tweets', '/metrics/..']) {
    const response = await ask(new URL(url).origin + path);
    assert.equal(response.status, 404, path);
    assert.equal(JSON.parse(response.text).code, 'not_found');
  }
  assert.equal((await fetch(url, { method: 'POST' })).status, 405);
  new Gauge({ name: 'broken', help: 'Fails.', registers: [api.registry], collect: fails });
  assert.equal((await ask(url)).status, 503);
  assert.deepEqual(failures.map(String), ['Error: cannot be read']);
  api.registry.removeSingleMetric('broken');
  assert.equal((await ask(url)).status, 200);
  await close();
  await assert.rejects(ask(url));
});
