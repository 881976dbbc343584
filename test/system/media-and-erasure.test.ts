/** Pictures from upload to deletion, and the removal of accounts: what is removed is removed everywhere. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { eventually, type User } from '#test/support/client.ts';
import { openSystemHttp, pictureForm } from '#test/support/system-http.ts';
import { everyAddress, wholeAnswer } from './every-answer.ts';

const site = await openSystemHttp();
after(() => site.close());
const red = { width: 6, height: 4, channels: 3, background: 'red' } as const;
const png = new Uint8Array(await sharp({ create: red }).png().toBuffer());

async function upload(user: User, fileName: string, alt = '') {
  const { status, body } = await user.send('POST', '/media', pictureForm(png, fileName, alt));
  assert.equal(status, 200, JSON.stringify(body));
  return body as { image: string; url: string; width: number; height: number };
}
async function mediaStatus(url: string): Promise<number> {
  const response = await fetch(site.url + url);
  await response.arrayBuffer();
  return response.status;
}

test('a picture is uploaded, shown in a tweet, deleted with it, and can be posted again', async () => {
  const [ann, ben] = await site.users('ann', 'ben');
  const { image, url, width, height } = await upload(ann, 'image1.png', 'a red dot');
  assert.deepEqual([width, height], [6, 4]);
  const { tweetId } = await ann.post('/postTweet', { content: 'look', images: ['image1.png'] });
  const { images } = await ben.get(`/tweets/${tweetId}`);
  assert.deepEqual(images, [{ image, url, width, height, alt: 'a red dot' }]);
  const response = await fetch(site.url + url);
  assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'image/png']);
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(response.headers.get('content-security-policy'), "default-src 'none'; sandbox");
  const shown = await sharp(Buffer.from(await response.arrayBuffer())).metadata();
  assert.deepEqual([shown.width, shown.height], [6, 4]);
  for (const name of [image, 'image1.png', '../image1.png', 'https://images.example/1.png']) {
    const refused = await ben.send('POST', '/postTweet', { content: 'not mine', images: [name] });
    assert.deepEqual([refused.status, refused.body.code], [400, 'unknown_image'], name);
  }
  await ann.delete(`/tweets/${tweetId}`);
  assert.equal(await mediaStatus(url), 404, 'in the very next read');
  await site.settle();
  const again = await ann.post('/postTweet', { content: 'look better', images: [image] });
  assert.equal(await mediaStatus(url), 200);
  await ann.post('/me/profile', { protected: true });
  assert.equal(await mediaStatus(url), 404);
  const seen = await fetch(site.url + url, { headers: { authorization: `Bearer ${ann.token}` } });
  await seen.arrayBuffer();
  assert.deepEqual([seen.status, seen.headers.get('cache-control')], [200, 'private, no-cache']);
  await ann.delete(`/tweets/${again.tweetId}`);
});

test('a profile’s picture is deleted when another replaces it, unless a tweet shows it too', async () => {
  const [cyd] = await site.users('cyd');
  const [one, two] = [await upload(cyd, 'one.png'), await upload(cyd, 'two.png')];
  await cyd.post('/me/profile', { picture: one.image });
  assert.equal((await site.nobody.get(`/${cyd.id}/profile`)).pictureUrl, one.url);
  const { tweetId } = await cyd.post('/postTweet', { content: 'me', images: [two.image] });
  await cyd.post('/me/profile', { picture: two.image });
  assert.equal(await mediaStatus(one.url), 404);
  await cyd.post('/me/profile', { picture: null });
  await site.settle();
  assert.equal(await mediaStatus(two.url), 200);
  await cyd.delete(`/tweets/${tweetId}`);
  assert.equal(await mediaStatus(two.url), 404);
});

test('a removed account is hidden at once, and then gone from every answer to everybody', async () => {
  const [eve, fay, gus] = await site.users('eve_who_leaves', 'fay', 'gus');
  const traces = ['eve_who_leaves', 'Eve Herself', 'a life of eve', 'words of eve', 'reply of eve'];
  const picture = await upload(eve, 'eve.png');
  await eve.send('PUT', '/me/profile', { name: 'Eve Herself', bio: 'a life of eve', picture: picture.image });
  const theirs = (await fay.post('/postTweet', { content: 'words of fay' })).tweetId;
  const hers = (await eve.post('/postTweet', { content: 'words of eve', images: ['eve.png'] })).tweetId;
  await eve.post('/like', { tweetId: theirs });
  await eve.post('/repost', { tweetId: theirs });
  await eve.post('/comment', { tweetId: theirs, content: 'reply of eve' });
  for (const [follower, followee] of [
    [eve, fay],
    [fay, eve],
    [gus, eve],
    [gus, fay],
  ] as const) {
    await follower.post('/follow', { userId: followee.id });
  }
  await gus.post('/like', { tweetId: hers });
  await gus.post('/comment', { tweetId: hers, content: 'to be gone with it' });
  await site.settle();

  const addresses = await everyAddress(site.url, {
    userIds: [eve.id, fay.id, gus.id],
    handles: ['eve_who_leaves', 'fay'],
    tweetIds: [theirs, hers],
  });
  const readers = { fay, gus, nobody: site.nobody };
  /** Where something of hers shows, by viewer. */
  async function found(): Promise<string[]> {
    const places: string[] = [];
    for (const [name, reader] of Object.entries(readers)) {
      for (const address of addresses) {
        const text = JSON.stringify(await wholeAnswer(reader, address));
        const trace = [...traces, picture.image].find((part) => text.includes(part));
        if (trace !== undefined) places.push(`${name} reads "${trace}" in ${address}`);
      }
    }
    return places;
  }
  assert.ok((await found()).length > 20, 'it shows while she is there');

  const wrong = await eve.send('DELETE', '/me', { password: 'not hers at all' });
  assert.deepEqual([wrong.status, wrong.body.code], [403, 'forbidden']);
  const right = await eve.send('DELETE', '/me', { password: 'eve_who_leaves likes long passwords' });
  assert.equal(right.status, 200);
  assert.deepEqual(await found(), [], 'in the very next reads');

  await eventually(async () => {
    assert.equal(await mediaStatus(picture.url), 404);
    const { likeCount, commentCount, repostCount } = await gus.get(`/tweets/${theirs}`);
    assert.deepEqual([likeCount, commentCount, repostCount], [0, 0, 0]);
    const { followerCount, followingCount } = await gus.get(`/${fay.id}/profile`);
    assert.deepEqual([followerCount, followingCount], [1, 0]);
    const records = await site.system.services.tweets.get({ ids: [Number(hers)] });
    assert.deepEqual(records, []);
  });
  await site.settle();
  assert.deepEqual(await found(), [], 'and when everything has been folded');

  assert.equal((await eve.send('GET', '/me')).status, 401);
  const password = 'eve_who_leaves likes long passwords';
  const login = await site.nobody.send('POST', '/login', { handle: eve.handle, password });
  assert.deepEqual([login.status, login.body.code], [401, 'unauthenticated']);
  const again = await site.nobody.send('POST', '/signup', { handle: 'EVE_who_leaves', password });
  assert.deepEqual([again.status, again.body.code], [409, 'handle_taken'], 'nobody can pass for her');
});
