/** What a host relies on behind the real nginx and Caddy, each with the configuration that deploy/ has for it. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import sharp from 'sharp';
import { eventually } from '../support/client.ts';
import { type Server, startServer, temporaryData } from '../support/server.ts';
import { createHttpsClient, type HttpsClient } from './https-client.ts';
import {
  HOST,
  openWorkshop,
  type RunningProxy,
  startCaddy,
  startNginx,
  type Workshop,
} from './real-proxies.ts';

const SITE = `https://${HOST}`;
const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin' };
const EIGHT_MIB = 8 * 1024 * 1024;

/** As docs/hosting.md has it. */
const SETTINGS = {
  WARBLE_PUBLIC_URL: SITE,
  WARBLE_TRUSTED_PROXIES: '127.0.0.1,::1',
  WARBLE_METRICS_PORT: '0',
  WARBLE_RATE_LIMITS: 'on',
  WARBLE_LOG_LEVEL: 'info',
  WARBLE_LOG_ADDRESSES: 'full',
};

/** Noise, stored as it is: as large as a picture may be. */
async function largePicture(): Promise<Buffer> {
  const side = 1_670;
  const noise = Buffer.from(Array.from({ length: side * side * 3 }, (_, i) => (i * i * 31 + i * 7) & 0xff));
  const raw = { raw: { width: side, height: side, channels: 3 as const } };
  const picture = await sharp(noise, raw).png({ compressionLevel: 0 }).toBuffer();
  assert.ok(picture.length > EIGHT_MIB - 64 * 1024 && picture.length <= EIGHT_MIB, String(picture.length));
  return picture;
}

function multipart(file: Buffer): { headers: Record<string, string>; body: Buffer } {
  const head = '--cut\r\nContent-Disposition: form-data; name="file"; filename="sea.png"\r\n\r\n';
  const body = Buffer.concat([Buffer.from(head), file, Buffer.from('\r\n--cut--\r\n')]);
  return { headers: { 'content-type': 'multipart/form-data; boundary=cut' }, body };
}

for (const [name, start] of Object.entries({ nginx: startNginx, Caddy: startCaddy })) {
  describe(`behind ${name}`, () => {
    let workshop: Workshop;
    let server: Server;
    let proxy: RunningProxy;
    let client: HttpsClient;
    const { data, remove } = temporaryData();
    before(async () => {
      workshop = openWorkshop();
      server = await startServer({ data, env: SETTINGS });
      proxy = await start({ workshop, upstream: Number(new URL(server.url).port) });
      client = createHttpsClient(workshop, proxy);
    });
    after(async () => {
      await proxy?.stop();
      await server?.kill();
      workshop?.remove();
      remove();
    });

    async function signUp(handle: string, from: string): Promise<{ userId: string; token: string }> {
      const body = { handle, password: `${handle} likes long passwords` };
      const answer = await client.ask('/api/v1/signup', { method: 'POST', body, from });
      assert.equal(answer.status, 200, answer.text);
      return answer.json();
    }
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    const post = (path: string, token: string, body: unknown) =>
      client.ask(`/api/v1${path}`, { method: 'POST', headers: bearer(token), body });

    test('HTTP leads to HTTPS, and what is printed to try is by HTTPS', async () => {
      const answer = await new Promise<{ status: number; to: string }>((resolve, reject) => {
        const options = { host: '127.0.0.1', port: proxy.plainPort, path: '/docs', headers: { host: HOST } };
        request(options, (response) => {
          response.resume();
          resolve({ status: response.statusCode ?? 0, to: response.headers.location ?? '' });
        })
          .on('error', reject)
          .end();
      });
      assert.ok([301, 308].includes(answer.status), String(answer.status));
      assert.match(answer.to, /^https:\/\/warble\.example(:\d+)?\/docs$/);
      const { text } = await client.ask('/');
      assert.ok(text.includes(`curl -s ${SITE}/api/v1/signup`), text);
      assert.ok(!text.includes('http://'), text);
    });

    test('an event comes at once, though the stream stays open', async () => {
      const ann = await signUp('ann', '127.0.0.2');
      const bob = await signUp('bob', '127.0.0.2');
      assert.equal((await post('/follow', ann.token, { userId: bob.userId })).status, 200);
      const stream = await client.stream('/api/v1/stream', bearer(ann.token));
      await eventually(async () => assert.match(stream.text(), /^retry: \d+\n/));
      for (const content of ['first', 'second']) {
        const { tweetId } = (await post('/postTweet', bob.token, { content })).json();
        await eventually(async () => assert.ok(stream.text().includes(`"tweetId":"${tweetId}"`)));
      }
      stream.close();
    });

    test('a picture of 8 MiB comes through, and a body that is too large does not', async () => {
      const { token } = await signUp('cat', '127.0.0.3');
      const picture = await largePicture();
      const send = (file: Buffer) => {
        const { headers, body } = multipart(file);
        const all = { ...headers, ...bearer(token), 'content-length': String(body.length) };
        return client.ask('/api/v1/media', { method: 'POST', headers: all, body });
      };
      const uploaded = await send(picture);
      assert.equal(uploaded.status, 200, uploaded.text);
      assert.equal((await send(Buffer.alloc(EIGHT_MIB + 3 * 1024 * 1024))).status, 413);
      const { image } = uploaded.json();
      await post('/postTweet', token, { content: 'noise', images: [image] });
      const shown = await client.ask(`/media/${image}`);
      assert.deepEqual([shown.status, shown.headers['content-type']], [200, 'image/png']);
    });

    test('a session cookie is bound to HTTPS and to the host, and works from this site alone', async () => {
      const body = { handle: 'dan', password: 'dan likes long passwords', session: 'cookie' };
      const signedUp = await client.ask('/api/v1/signup', { method: 'POST', body, headers: SAME_ORIGIN });
      const [cookie] = signedUp.headers['set-cookie'] as string[];
      assert.match(
        cookie!,
        /^__Host-warble=[\w-]{43}; Path=\/; Max-Age=\d+; Secure; HttpOnly; SameSite=Lax$/,
      );
      const headers = { cookie: cookie!.split(';')[0]! };
      assert.equal((await client.ask('/api/v1/me', { headers })).json().handle, 'dan');
      const write = (more: Record<string, string>) =>
        client.ask('/api/v1/postTweet', {
          method: 'POST',
          headers: { ...headers, ...more },
          body: { content: 'by cookie' },
        });
      assert.equal((await write({ origin: SITE })).status, 200, 'an older browser');
      assert.equal((await write(SAME_ORIGIN)).status, 200);
      assert.equal((await write({ origin: 'https://evil.example' })).status, 403);
      assert.equal((await write({ origin: `http://${HOST}` })).status, 403);
      assert.equal((await write({ 'sec-fetch-site': 'cross-site' })).status, 403);
    });

    test('a client is limited and logged by its own address, whatever it says it is', async () => {
      const guess = (i: number, from: string) =>
        client.ask('/api/v1/login', {
          method: 'POST',
          headers: { 'x-forwarded-for': `203.0.113.${i}`, 'x-request-id': `guess-${i}-${from}` },
          body: { handle: 'nobody', password: `wrong sentence ${i}` },
          from,
        });
      for (let i = 0; i < 10; i++) assert.equal((await guess(i, '127.0.0.7')).status, 401);
      assert.equal((await guess(10, '127.0.0.7')).status, 429);
      assert.equal((await guess(11, '127.0.0.8')).status, 401, 'somebody else');
      await eventually(async () => {
        const lines = server
          .stdout()
          .split('\n')
          .filter((line) => line.includes('"guess-'));
        // What a limit refuses is counted, and not logged one by one.
        assert.equal(lines.length, 11);
        for (const line of lines) {
          const { requestId, address } = JSON.parse(line);
          assert.equal(address, requestId.slice(requestId.lastIndexOf('-') + 1));
        }
      });
      assert.ok(
        !server.stdout().includes('WARBLE_TRUSTED_PROXIES'),
        'no warning of a proxy that was not named',
      );
    });

    test('metrics are for this machine alone', async () => {
      assert.equal((await client.ask('/metrics')).status, 404);
      assert.equal((await fetch(`${server.url}/metrics`)).status, 401);
      const [, url] = / {2}metrics {2}(\S+)\n/.exec(server.stderr())!;
      assert.match(await (await fetch(url!)).text(), /^warble_http_request_duration_seconds_count/m);
    });
  });
}

describe('behind nginx with its defaults', () => {
  /** A host that knows nothing more: nginx sends the Host of its upstream, HTTP/1.0, and nothing of the client. */
  const BARE = `server {
  listen 80;
  return 404;
}
server {
  listen 443 ssl http2;
  listen [::]:80;
  listen [::]:443 ssl http2;
  ssl_certificate /etc/letsencrypt/live/warble.example/fullchain.pem;
  ssl_certificate_key /etc/letsencrypt/live/warble.example/privkey.pem;
  location / {
    proxy_pass http://127.0.0.1:3000;
  }
}
`;
  const settings: Record<string, Record<string, string>> = {
    'its address named': { WARBLE_TRUSTED_PROXIES: '127.0.0.1', WARBLE_RATE_LIMITS: 'on' },
    'the public URL named': { WARBLE_PUBLIC_URL: SITE, WARBLE_RATE_LIMITS: 'on' },
  };
  for (const [name, env] of Object.entries(settings)) {
    test(`and ${name}: metrics stay closed, cookies are bound, streams come at once`, async () => {
      const { data, remove } = temporaryData();
      const workshop = openWorkshop();
      const server = await startServer({ data, env });
      const upstream = Number(new URL(server.url).port);
      const proxy = await startNginx({ workshop, upstream, configuration: BARE });
      try {
        const client = createHttpsClient(workshop, proxy);
        assert.equal((await client.ask('/metrics')).status, 401);
        const body = { handle: 'eve', password: 'eve likes long passwords' };
        const signedUp = await client.ask('/api/v1/signup', { method: 'POST', body });
        const login = { method: 'POST', body: { ...body, session: 'cookie' }, headers: SAME_ORIGIN };
        const signedIn = await client.ask('/api/v1/login', login);
        assert.match(String(signedIn.headers['set-cookie']), /^__Host-warble=[^;]+; Path=\/; .*; Secure; /);
        assert.ok(!(await client.ask('/')).text.includes('http://'));
        const { token } = signedUp.json();
        const stream = await client.stream('/api/v1/stream', { authorization: `Bearer ${token}` });
        await eventually(async () => assert.match(stream.text(), /^retry: \d+\n/));
        stream.close();
      } finally {
        await proxy.stop();
        await server.kill();
        workshop.remove();
        remove();
      }
    });
  }
});
