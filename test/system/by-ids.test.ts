/** Tweets and users by id, as a client asks for what a stream announced. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openSystemHttp } from '#test/support/system-http.ts';

const site = await openSystemHttp();
after(() => site.close());
const [ann, bob, eve] = await site.users('ann', 'bob', 'eve');
const post = async (content: string) => (await ann.post('/postTweet', { content })).tweetId as string;
const [first, second, third] = [await post('one'), await post('two'), await post('three')];

test('tweets come in the order asked for, each once, without deleted and hidden ones', async () => {
  const ask = async (client: typeof bob | typeof site.nobody, ...ids: string[]) => {
    const { tweets, nextCursor, users } = (await client.send('GET', `/tweets?ids=${ids.join(',')}`)).body;
    assert.equal(nextCursor, null);
    assert.equal(ann.id in users, tweets.length > 0);
    return tweets.map(({ tweetId }: { tweetId: string }) => tweetId);
  };
  assert.deepEqual(await ask(bob, second, first, second, '1', third), [second, first, third]);
  assert.deepEqual(await ask(site.nobody, third, first), [third, first]);
  const { commentId } = await bob.post('/comment', { tweetId: first, content: 'a comment is no tweet' });
  assert.deepEqual(await ask(bob, commentId, first), [first]);
  await ann.delete(`/tweets/${second}`);
  await ann.post('/block', { userId: eve.id });
  assert.deepEqual(await ask(bob, second, first), [first]);
  assert.deepEqual(await ask(eve, first, third), []);
  await ann.delete(`/block/${eve.id}`);
});

test('users come in the order asked for, without those whom the viewer may not see', async () => {
  const ask = async (client: typeof bob | typeof site.nobody, ...ids: string[]) => {
    const { userIds, users } = (await client.send('GET', `/users?ids=${ids.join(',')}`)).body;
    assert.deepEqual(Object.keys(users).sort(), [...userIds].sort());
    return userIds;
  };
  assert.deepEqual(await ask(site.nobody, eve.id, ann.id, '4000000000', ann.id), [eve.id, ann.id]);
  await bob.post('/block', { userId: ann.id });
  assert.deepEqual(await ask(bob, ann.id, bob.id), [bob.id]);
  assert.deepEqual(await ask(ann, bob.id, ann.id), [ann.id]);
  await bob.delete(`/block/${ann.id}`);
});

test('at most a hundred ids, and no other parameters', async () => {
  const hundred = Array.from({ length: 100 }, (_, n) => String(n + 1));
  for (const path of ['/tweets', '/users']) {
    assert.equal((await bob.send('GET', `${path}?ids=${hundred}`)).status, 200);
    for (const ids of [`${hundred},101`, '', '1,', ',1', '1,,2', '1, 2', 'me', '0', '01', '-1']) {
      const { status, body } = await bob.send('GET', `${path}?ids=${ids}`);
      assert.deepEqual([status, body.errors?.[0]?.pointer], [400, '#/query/ids'], ids);
      assert.match(body.detail, /1 to 100 ids/);
    }
  }
  const { status, body } = await bob.send('GET', `/tweets?ids=${first}&window=24h&limit=5`);
  assert.equal(status, 400);
  assert.deepEqual(
    body.errors.map(({ pointer }: { pointer: string }) => pointer),
    ['#/query/window', '#/query/limit'],
  );
});
