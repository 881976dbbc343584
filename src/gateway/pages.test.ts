import assert from 'node:assert/strict';
import { get } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { type Api, openApi, type Someone } from './testing/gateway.ts';

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

  test('docs have an index, ranges, patterns in words, examples and the limits of this server', async () => {
    const docs = await (await fetch(`${api.url}/docs`)).text();
    for (const [path, item] of Object.entries(api.document.paths)) {
      for (const { operationId } of Object.values(item)) {
        if (operationId === 'setProfileWithPUT') continue;
        assert.ok(docs.includes(`<li><a href="#${operationId}">`), `${operationId} is in the index`);
        assert.ok(docs.includes(`<h3 id="${operationId}">`), `${operationId} is there`);
      }
      assert.ok(docs.includes(path));
    }
    const part = (name: string) => docs.slice(docs.indexOf(`<h3 id="${name}">`)).split('<h3')[1]!;
    assert.match(
      part('signUp'),
      /<code>handle<\/code>.*1 to 15 letters, digits or _\..*8 to 128 characters\./,
    );
    assert.match(part('listFollowers'), /<code>limit\?<\/code>.*1 to 100\. Default 20\./);
    assert.match(part('listUsers'), /1 to 100 ids, separated by commas\./);
    assert.match(part('postTweet'), /At most 4 entries\./);
    assert.match(part('openStream'), /<th colspan="3">Event<.*href="#type-TweetEvent"/);
    assert.match(part('postTweet'), /<summary>Example<.*Off to the sea/s);
    assert.doesNotMatch(docs, /\^\[/, 'no regular expression');
    assert.match(docs, /This server does not limit requests/);
    const limited = await openApi({ rateLimits: 'on', quotas: { write: { quota: 7, window_ms: 120_000 } } });
    try {
      const own = await (await fetch(`${limited.url}/docs`)).text();
      assert.match(own, /Limit: <a href="#limits">read<\/a>, 900 in 15 minutes\./);
      assert.match(own, /Limit: <a href="#limits">write<\/a>, 7 in 2 minutes\./);
      assert.match(own, /<code>post<\/code><\/td><td>300 an hour/);
    } finally {
      await limited.close();
    }
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
