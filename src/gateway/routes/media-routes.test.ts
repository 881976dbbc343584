import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import sharp from 'sharp';
import { begin, onSite, type Site } from '../testing/accounts.ts';

const picture = (width = 30, height = 20) =>
  sharp({ create: { width, height, channels: 3, background: 'red' } })
    .png()
    .toBuffer();

async function signedIn(site: Site, handle = 'Ann'): Promise<string> {
  const json = { handle, password: 'a good sentence' };
  return (await site.call('POST', '/signup', { json })).body.token as string;
}
type Part = [name: string, value: Buffer | string, fileName?: string];
function formOf(parts: Part[]): FormData {
  const form = new FormData();
  for (const [name, value, fileName] of parts) {
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, new Blob([new Uint8Array(value)]), fileName);
  }
  return form;
}

test('an upload answers name, url and size, and is served as what it is and nothing else', () =>
  onSite(async (site) => {
    const token = await signedIn(site);
    const form = formOf([
      ['alt', 'a red one'],
      ['file', await picture(), 'image1.png'],
    ]);
    const { status, body } = await site.call('POST', '/media', { token, form });
    assert.deepEqual([status, body.width, body.height, body.url], [200, 30, 20, `/media/${body.image}`]);
    const served = await site.request('GET', body.url as string);
    assert.deepEqual(
      ['content-type', 'x-content-type-options', 'content-security-policy', 'cache-control', 'etag'].map(
        (name) => served.headers.get(name),
      ),
      ['image/png', 'nosniff', "default-src 'none'; sandbox", 'private, no-cache', `"${body.image}"`],
    );
    const { width } = await sharp(Buffer.from(await served.arrayBuffer())).metadata();
    assert.equal(width, 30);
    for (const tag of [`"${body.image}"`, `W/"${body.image}"`, `"x", "${body.image}"`, '*']) {
      const again = await site.request('GET', body.url as string, { headers: { 'if-none-match': tag } });
      assert.deepEqual([again.status, await again.text()], [304, ''], tag);
      assert.equal(again.headers.get('cache-control'), 'private, no-cache');
      assert.equal(again.headers.get('etag'), `"${body.image}"`);
    }
    const other = await site.request('GET', body.url as string, { headers: { 'if-none-match': '"x"' } });
    assert.equal(other.status, 200);
    await other.arrayBuffer();
    const head = await site.request('HEAD', body.url as string);
    assert.deepEqual(
      [head.status, head.headers.get('content-length')],
      [200, served.headers.get('content-length')],
    );
  }));

test('a name that is none is not found, wherever it climbs', () =>
  onSite(async ({ request }) => {
    for (const name of [
      'x',
      '..%2Fgateway.db',
      '%2e%2e%2fgateway.db',
      '....//x',
      `${'a'.repeat(32)}.svg`,
      `${'a'.repeat(32)}.png`,
    ]) {
      const response = await request('GET', `/media/${name}`);
      assert.ok([404, 400].includes(response.status), `${name}: ${response.status}`);
      assert.match(response.headers.get('content-type')!, /^application\/problem\+json/);
    }
  }));

type BadUpload = [why: string, parts: Part[], status: number, code: string];

/** `good`: a picture. */
function badUploads(good: Buffer): BadUpload[] {
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>');
  return [
    ['nothing', [], 400, 'invalid_request'],
    ['no file', [['alt', 'x']], 400, 'invalid_request'],
    ['a file that is a text', [['file', 'x']], 400, 'invalid_request'],
    [
      'two files',
      [
        ['file', good, 'a.png'],
        ['file', good, 'b.png'],
      ],
      400,
      'invalid_request',
    ],
    [
      'an unknown part',
      [
        ['file', good, 'a.png'],
        ['title', 'x'],
      ],
      400,
      'invalid_request',
    ],
    [
      'a part named after an object’s innards',
      [
        ['__proto__', 'x'],
        ['file', good, 'a.png'],
      ],
      400,
      'invalid_request',
    ],
    [
      'alt twice',
      [
        ['alt', 'x'],
        ['alt', 'y'],
        ['file', good, 'a.png'],
      ],
      400,
      'invalid_request',
    ],
    [
      'alt too long',
      [
        ['alt', 'x'.repeat(1_001)],
        ['file', good, 'a.png'],
      ],
      400,
      'invalid_text',
    ],
    [
      'alt far too long',
      [
        ['alt', 'x'.repeat(100_000)],
        ['file', good, 'a.png'],
      ],
      400,
      'invalid_text',
    ],
    ['an SVG that calls itself PNG', [['file', svg, 'a.png']], 415, 'unsupported_media_type'],
    ['an empty file', [['file', Buffer.alloc(0), 'a.png']], 415, 'unsupported_media_type'],
    ['half a picture', [['file', good.subarray(0, 40), 'a.png']], 415, 'unsupported_media_type'],
    ['more than 8 MiB', [['file', Buffer.alloc(8 * 1024 * 1024 + 1), 'a.png']], 413, 'too_large'],
  ];
}

test('what is wrong with an upload is told, and never with a 5xx', () =>
  onSite(async (site) => {
    const token = await signedIn(site);
    const good = await picture();
    for (const [why, parts, status, code] of badUploads(good)) {
      const response = await site.call('POST', '/media', { token, form: formOf(parts) });
      assert.deepEqual([response.status, response.body.code], [status, code], why);
    }
  }));

test('bodies that are no multipart at all', () =>
  onSite(async (site) => {
    const token = await signedIn(site);
    const post = async (headers: Record<string, string>, body: string | null) => {
      const all = { authorization: `Bearer ${token}`, ...headers };
      const response = await fetch(`${site.url}/api/v1/media`, { method: 'POST', headers: all, body });
      return [response.status, ((await response.json()) as { code: string }).code];
    };
    const multipart = { 'content-type': 'multipart/form-data; boundary=x' };
    assert.deepEqual(await post({ 'content-type': 'application/json' }, '{}'), [
      415,
      'unsupported_media_type',
    ]);
    assert.deepEqual(await post({}, null), [415, 'unsupported_media_type']);
    assert.deepEqual(await post({ 'content-type': 'multipart/form-data' }, 'x'), [400, 'invalid_request']);
    assert.deepEqual(await post(multipart, 'rubbish'), [400, 'invalid_request']);
    assert.deepEqual(
      await post(multipart, '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc'),
      [400, 'invalid_request'],
    );
  }));

test('an upload without a token is refused', () =>
  onSite(async ({ call }) => {
    const form = formOf([['file', await picture(), 'a.png']]);
    assert.equal((await call('POST', '/media', { form })).status, 401);
  }));

test('what everybody may see is kept by every cache for a day at most, and 304 is for those who may see it', () =>
  onSite(async (site) => {
    const [ann, bob] = [await signedIn(site), await signedIn(site, 'Bob')];
    const form = formOf([['file', await picture(), 'image1.png']]);
    const { body } = await site.call('POST', '/media', { token: ann, form });
    const [image, url] = [body.image as string, body.url as string];
    const tweetId = await site.postWith(1, [image]);
    const shown = async (token?: string) => {
      const response = await site.request('GET', url, { token, headers: { 'if-none-match': '*' } });
      await response.arrayBuffer();
      return [response.status, response.headers.get('cache-control')];
    };
    assert.deepEqual(await shown(), [304, 'public, max-age=86400, must-revalidate']);
    await site.social.setProfile({ userId: 1, changes: { protected: true }, traceId: '' });
    assert.deepEqual(await shown(ann), [304, 'private, no-cache']);
    for (const token of [bob, undefined]) assert.deepEqual(await shown(token), [404, 'no-store']);
    await site.remove(1, tweetId);
    assert.deepEqual(await shown(ann), [404, 'no-store']);
  }));

/** A multipart body's beginning: less than a picture, and no end. */
const BEGUN = '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc';

test('uploads that do not end hold nothing that others, or their own user, would need', () =>
  onSite(async (site) => {
    const ann = await signedIn(site);
    const bob = await signedIn(site, 'Bob');
    const { hangUp } = begin(site, {
      count: 40,
      path: '/media',
      head: [`Authorization: Bearer ${ann}`, 'Content-Type: multipart/form-data; boundary=x'],
      body: BEGUN,
    });
    const spooled = () => readdirSync(site.spoolDirectory).length;
    while (spooled() < 40) await new Promise((resolve) => setImmediate(resolve));
    for (const token of [ann, bob]) {
      const form = formOf([['file', await picture(), 'a.png']]);
      assert.equal((await site.call('POST', '/media', { token, form })).status, 200);
    }
    hangUp();
    while (spooled() > 0) await new Promise((resolve) => setImmediate(resolve));
  }));

test('nothing stays on the disk of an upload that was refused or done', () =>
  onSite(async (site) => {
    const token = await signedIn(site);
    for (const parts of [
      [['file', await picture(), 'a.png']],
      [['file', Buffer.from('no picture'), 'a.png']],
      [['file', Buffer.alloc(8 * 1024 * 1024 + 1), 'a.png']],
      [
        ['file', await picture(), 'a.png'],
        ['title', 'x'],
      ],
    ] as Part[][]) {
      await site.call('POST', '/media', { token, form: formOf(parts) });
      assert.deepEqual(readdirSync(site.spoolDirectory), []);
    }
  }));

test('a file name in pieces, as macOS sends it, is found by its usual form', () =>
  onSite(async (site) => {
    const token = await signedIn(site);
    const composed = 'caf\u00e9.png';
    const form = formOf([['file', await picture(), composed.normalize('NFD')]]);
    const { body } = await site.call('POST', '/media', { token, form });
    const { images } = await site.media.hold({ owner: 1, names: [composed] });
    assert.equal(images[0]?.image, body.image);
  }));
