import assert from 'node:assert/strict';
import { get } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { type Api, openApi, type Someone } from './test-support.ts';

describe('beside the calls', () => {
  let api: Api;
  let ada: Someone;
  before(async () => {
    api = await openApi();
    ada = await api.someone('ada');
  });
  after(async () => {
    await api.close();
  });

  test('pages: index, docs, OpenAPI and health say what they should, without scripts', async () => {
    await ada.post('/postTweet', { content: '<script>alert(1)</script>' });
    await api.settle(2_000);
    for (const [path, holds] of [
      ['/', /Status: <strong>ready/],
      ['/docs', /postTweet/],
      ['/health/live', /live/],
      ['/health/ready', /ready/],
    ] as const) {
      const response = await fetch(api.url + path);
      assert.equal(response.status, 200);
      const text = await response.text();
      assert.match(text, holds);
      assert.ok(!text.includes('<script'), path);
      assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    }
    const index = await (await fetch(api.url)).text();
    assert.equal(index.match(/^(<pre>)?curl /gm)?.length, 3);
  });

  test('metrics are for this machine, directly, or for the bearer of their token', async () => {
    const ask = (headers: Record<string, string>) => fetch(`${api.url}/metrics`, { headers });
    assert.match(await (await ask({})).text(), /route="\/api\/v1\/signup"/);
    assert.equal((await ask({ 'x-forwarded-for': '1.2.3.4' })).status, 401);
    assert.equal(await statusWithHost(`${api.url}/metrics`, 'evil.example'), 401);
    assert.equal(await statusWithHost(`${api.url}/metrics`, 'localhost:3000'), 200);
    assert.equal((await ask({ authorization: 'Bearer wrong' })).status, 401);
    assert.equal(
      (await ask({ 'x-forwarded-for': '1.2.3.4', authorization: 'Bearer metrics-secret' })).status,
      200,
    );
  });

  test('a token that has ended is refused everywhere, also where none is needed', async () => {
    const gone = await api.someone('gone');
    assert.equal((await gone.post('/logout')).status, 200);
    for (const path of [`/${ada.id}/profile`, '/tweets', '/lookup?handle=ada', '/me', '/me/tweets']) {
      const { status, headers } = await gone.get(path);
      assert.equal(status, 401, path);
      assert.match(headers.get('www-authenticate') ?? '', /^Bearer/);
    }
  });
});

/** As a browser asks that was told that a stranger's name is this machine's: fetch lets nobody choose the Host. */
function statusWithHost(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
}
