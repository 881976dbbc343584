/** While a service is down the rest serves: decoration fails open, visibility fails closed (promise 7). */
import assert from 'node:assert/strict';
import { after, afterEach, test } from 'node:test';
import { eventually } from '#test/support/client.ts';
import { openSystemHttp } from '#test/support/system-http.ts';
import { everyAddress } from './every-answer.ts';

const site = await openSystemHttp();
after(() => site.close());
afterEach(() => site.outages.restore());

const HOME = '/me/tweets?followed=true';
const SERVICES = ['tweets', 'social', 'engagement', 'timeline', 'notifications'] as const;

// Ann follows Ben, and once followed Eve, who now blocks her. Pia is protected, and Ann does not follow her.
const [ann, ben, eve, pia] = await site.users('ann', 'ben', 'eve', 'pia');
for (const { id } of [ben, eve]) await ann.post('/follow', { userId: id });
const { tweetId } = await ben.post('/postTweet', { content: 'words of ben' });
const own = (await ann.post('/postTweet', { content: 'words of ann' })).tweetId;
const hiddenIds: string[] = [];
for (const user of [eve, pia]) {
  const hidden = await user.post('/postTweet', { content: `words of ${user.handle}` });
  hiddenIds.push(hidden.tweetId);
  await user.post('/comment', { tweetId, content: `words of ${user.handle}` });
  await user.post('/like', { tweetId: own });
}
await ben.post('/like', { tweetId });
await ben.post('/like', { tweetId: own });
await eve.post('/block', { userId: ann.id });
await pia.post('/me/profile', { protected: true });
await site.settle();
await ann.get(HOME);
await eventually(async () => assert.equal((await ann.get('/tweets')).tweets.length, 2));
const addresses = await everyAddress(site.url, {
  userIds: [ben.id, eve.id, pia.id],
  handles: ['ben', 'eve', 'pia'],
  tweetIds: [tweetId, own, ...hiddenIds],
});
const readers = [
  { reader: ann, hidden: ['words of eve', 'words of pia'] },
  { reader: site.nobody, hidden: ['words of pia'] },
];
const asked = await Promise.all(
  readers.flatMap(({ reader, hidden }) =>
    addresses.map(async (address) => {
      const { status } = await reader.send('GET', address);
      return { reader, hidden, address, status };
    }),
  ),
);

for (const service of SERVICES) {
  test(`without ${service}, every call answers as before or says that it cannot, and shows nothing hidden`, async () => {
    for (const { reader, address, status: usual, hidden } of asked) {
      site.outages.fail(service);
      const { status, headers, body } = await reader.send('GET', address);
      site.outages.restore();
      const answer = `${address}: ${status} ${JSON.stringify(body)}`;
      if (status === 503) {
        assert.equal(body.code, 'unavailable', answer);
        assert.ok(Number(headers.get('retry-after')) >= 1, answer);
      } else if (body.partial !== true) assert.equal(status, usual, answer);
      for (const text of hidden) assert.ok(!answer.includes(text), answer);
    }
  });
}

test('without engagement, pages of tweets come without counts and previews, and say so', async () => {
  site.outages.fail('engagement');
  for (const path of [HOME, `${HOME}&order=top`, '/tweets', `/${ben.id}/tweets`]) {
    const { tweets, degraded } = await ann.get(path);
    assert.deepEqual(degraded, ['engagement'], path);
    const tweet = tweets.find(({ content }: { content: string }) => content === 'words of ben');
    const { likeCount, commentCount, repostCount, viewer, likes, comments } = tweet;
    assert.deepEqual([likeCount, commentCount, repostCount, viewer], [null, null, null, null], path);
    assert.deepEqual([likes, comments], [[], []], path);
  }
  const one = await ann.get(`/tweets/${tweetId}`);
  assert.deepEqual([one.content, one.likeCount, one.degraded], ['words of ben', null, ['engagement']]);
  assert.equal((await ann.get(`/${ben.id}/profile`)).tweetCount, 1);
  // Whether the viewer's likes are still there is unknown.
  assert.equal((await ann.get('/me/notifications')).partial, true);
  const refused = await ann.send('POST', '/like', { tweetId });
  assert.deepEqual([refused.status, refused.body.code], [503, 'unavailable']);
  const posted = await ben.post('/postTweet', { content: 'posted all the same' });
  await eventually(async () => assert.equal((await ann.get(HOME)).tweets[0].tweetId, posted.tweetId));
  await ben.delete(`/tweets/${posted.tweetId}`);
});

test('without social, pages leave out whatever cannot be checked, and say so', async () => {
  site.outages.fail('social');
  for (const path of [HOME, `${HOME}&own=true`, `${HOME}&order=top`, '/tweets', `/${ben.id}/tweets`]) {
    const { status, body } = await ann.send('GET', path);
    const { tweets, users, nextCursor, partial } = body;
    assert.deepEqual([status, tweets, users, nextCursor, partial], [200, [], {}, null, true], path);
  }
  // Neither "not found" nor the tweet itself would be right.
  assert.equal((await ann.send('GET', `/tweets/${tweetId}`)).status, 503);
});

test('without tweets there is no home: an empty one would say that nobody posted', async () => {
  site.outages.fail('tweets');
  for (const path of [HOME, `${HOME}&order=top`, '/tweets', `/${ben.id}/tweets`]) {
    const { status, body } = await ann.send('GET', path);
    assert.deepEqual([status, body.code], [503, 'unavailable'], path);
  }
});

test('without tweets a profile comes without them, and says so', async () => {
  const before = await ann.get(`/${ben.id}/profile`);
  assert.deepEqual([before.tweets, before.tweetCount], [[tweetId], 1]);
  site.outages.fail('tweets');
  const degraded = ['tweets'];
  const after = await ann.get(`/${ben.id}/profile`);
  assert.deepEqual(after, { ...before, tweets: [], tweetsCursor: null, tweetCount: null, degraded });
  site.outages.fail('notifications');
  assert.deepEqual((await ann.get(`/${ben.id}/profile`)).degraded, ['tweets', 'notifications']);
});

test('without notifications everything else serves', async () => {
  site.outages.fail('notifications');
  const profile = await ann.get(`/${ben.id}/profile`);
  assert.deepEqual([profile.viewer.following, profile.degraded], [true, ['notifications']]);
  assert.equal((await ann.get(HOME)).tweets.length, 1);
  await ann.post('/like', { tweetId });
  await ann.post('/postTweet', { content: 'as ever' });
});

test('what happened during an outage is there after it', async () => {
  site.outages.fail('timeline');
  const posted = await ben.post('/postTweet', { content: 'during the outage' });
  site.outages.restore();
  await eventually(async () => assert.equal((await ann.get(HOME)).tweets[0].tweetId, posted.tweetId));
  site.outages.fail('engagement');
  const { id } = await site.user('newcomer');
  await ann.post('/follow', { userId: id });
  site.outages.restore();
  await site.settle();
});
