/** Homes, top lists and all other lists, as viewers see them through the API. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually, type User } from '#test/support/client.ts';
import { openSystemHttp } from '#test/support/system-http.ts';

const site = await openSystemHttp();
after(() => site.close());
let count = 0;

const HOME = '/me/tweets?followed=true';
const SETTLED_MS = 2_000;

async function two(): Promise<readonly [User, User]> {
  count += 1;
  return await site.users(`reader${count}`, `author${count}`);
}
async function post(author: User, content: string): Promise<string> {
  return (await author.post('/postTweet', { content })).tweetId;
}
async function textsOf(reader: User, path = HOME): Promise<string[]> {
  const { tweets } = await reader.get(path);
  return tweets.map(({ content }: { content: string }) => content);
}
/** A follower whose home is cached and holds the author's tweets. */
async function followerWith(...contents: string[]): Promise<[User, User, string[]]> {
  const [reader, author] = await two();
  await reader.post('/follow', { userId: author.id });
  const ids: string[] = [];
  for (const content of contents) ids.push(await post(author, content));
  await site.settle();
  assert.deepEqual(await textsOf(reader, `${HOME}&limit=100`), contents.toReversed());
  return [reader, author, ids];
}

test('a follower sees a tweet within 2 s; its author, with own=true, at once', async () => {
  const [reader, author] = await two();
  await reader.post('/follow', { userId: author.id });
  assert.deepEqual(await textsOf(reader), []);
  await post(author, 'fresh');
  assert.deepEqual(await textsOf(author, `${HOME}&own=true`), ['fresh']);
  assert.deepEqual(await textsOf(author), [], 'not without own=true');
  await eventually(async () => assert.deepEqual(await textsOf(reader), ['fresh']), SETTLED_MS);
});

test('earlier tweets of a new followee appear in a cached home within 2 s', async () => {
  const [reader, author] = await two();
  await post(author, 'before the follow');
  assert.deepEqual(await textsOf(reader), []);
  await reader.post('/follow', { userId: author.id });
  await eventually(async () => assert.deepEqual(await textsOf(reader), ['before the follow']), SETTLED_MS);
});

test('deletion, mute, unfollow, block and protection show in the very next read of every list', async () => {
  const cases: [what: string, act: (reader: User, author: User, tweetId: string) => Promise<unknown>][] = [
    ['deletion', (_reader, author, tweetId) => author.delete(`/tweets/${tweetId}`)],
    ['mute', (reader, author) => reader.post('/mute', { userId: author.id })],
    ['unfollow', (reader, author) => reader.delete(`/follow/${author.id}`)],
    ['a block by the reader', (reader, author) => reader.post('/block', { userId: author.id })],
    ['a block by the author', (reader, author) => author.post('/block', { userId: reader.id })],
    ['removal of the account', (_reader, author) => removeAccount(author)],
  ];
  for (const [what, act] of cases) {
    const [reader, author, [tweetId]] = await followerWith('gone soon');
    await act(reader, author, tweetId!);
    assert.deepEqual(await textsOf(reader), [], `home after ${what}`);
    assert.deepEqual(await textsOf(reader, `${HOME}&order=top`), [], `top of the home after ${what}`);
  }
});

async function removeAccount(user: User): Promise<void> {
  const { status } = await user.send('DELETE', '/me', {
    password: `${user.handle} likes long passwords`,
  });
  assert.equal(status, 200);
}

test('a user who becomes protected is visible to followers only, from the next read on', async () => {
  const [reader, author, [tweetId]] = await followerWith('for few');
  const [stranger] = await two();
  const top = async () => JSON.stringify(await stranger.get('/tweets?limit=100'));
  await eventually(async () => assert.ok((await top()).includes('for few')));
  await author.post('/me/profile', { protected: true });
  assert.ok(!(await top()).includes('for few'));
  assert.equal((await stranger.send('GET', `/tweets/${tweetId}`)).status, 404);
  assert.deepEqual(await textsOf(stranger, `/${author.id}/tweets`), []);
  assert.deepEqual(await textsOf(reader), ['for few']);
  assert.deepEqual(
    await stranger.post('/follow', { userId: author.id }).then(({ state }) => state),
    'requested',
  );
  await author.post(`/me/follow-requests/${stranger.id}`, { approve: true });
  assert.equal((await stranger.get(`/tweets/${tweetId}`)).content, 'for few');
});

test('a repost brings a tweet into homes, once, and names the reposter; undoing it removes the tweet', async () => {
  const [reader, reposter] = await two();
  const [other, author] = await two();
  await reader.post('/follow', { userId: reposter.id });
  const tweetId = await post(author, 'worth repeating');
  assert.deepEqual(await textsOf(reader), [], 'from here on the home is in use');
  await reposter.post('/repost', { tweetId });
  await eventually(async () => {
    const [shown, ...more] = (await reader.get(HOME)).tweets;
    assert.deepEqual([shown?.tweetId, shown?.repostedBy, more.length], [tweetId, [reposter.id], 0]);
  }, SETTLED_MS);
  await other.post('/repost', { tweetId });
  await reader.post('/follow', { userId: other.id });
  await reader.post('/follow', { userId: author.id });
  await eventually(async () => {
    const { tweets } = await reader.get(HOME);
    assert.deepEqual(
      tweets.map((tweet: { repostedBy: string[] }) => tweet.repostedBy),
      [[other.id, reposter.id]],
    );
  });
  await other.delete(`/repost/${tweetId}`);
  await reposter.delete(`/repost/${tweetId}`);
  const [plain] = (await reader.get(HOME)).tweets;
  assert.deepEqual([plain.tweetId, plain.repostedBy, plain.repostTime], [tweetId, [], null]);
});

test('pages of a home neither repeat nor skip while its authors go on posting', async () => {
  const before = Array.from({ length: 23 }, (_, index) => `tweet ${index}`);
  const [reader, author] = await followerWith(...before);
  const collected: string[] = [];
  let cursor = '';
  do {
    const page = await reader.get(`${HOME}&limit=5${cursor}`);
    collected.push(...page.tweets.map(({ content }: { content: string }) => content));
    assert.equal(page.tweets.length, page.nextCursor === null ? before.length % 5 : 5, 'pages are full');
    cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`;
    await post(author, `posted after ${collected.length}`);
    await site.settle();
  } while (cursor !== '');
  assert.deepEqual(collected, before.toReversed());
  assert.equal((await textsOf(reader))[0], 'posted after 23', 'what arrived since is on a fresh first page');
});

test("top lists: likes, then the author's public followers, then newest; within a home likewise", async () => {
  const [reader, author] = await two();
  const [fan, rival] = await two();
  for (const user of [author, rival]) await reader.post('/follow', { userId: user.id });
  await fan.post('/follow', { userId: rival.id });
  const liked = await post(author, 'liked');
  const plain = await post(author, 'plain');
  const newer = await post(author, 'newer');
  const byFollowed = await post(rival, 'by the one with more followers');
  await fan.post('/like', { tweetId: liked });
  const right = [liked, byFollowed, newer, plain];
  const ranked = async (path: string) => {
    const { tweets } = await reader.get(path);
    return tweets
      .map(({ tweetId }: { tweetId: string }) => tweetId)
      .filter((id: string) => right.includes(id));
  };
  for (const window of ['24h', '7d', 'all']) {
    const within = (path: string) => async () =>
      assert.deepEqual(await ranked(`${path}&window=${window}`), right, `${path} ${window}`);
    await eventually(within(`${HOME}&order=top&k=100`));
    await eventually(within('/tweets?limit=100'));
  }
  assert.deepEqual(await ranked(`${HOME}&order=top&k=2`), right.slice(0, 2));
  const collected = await reader.list('/tweets?window=24h', 'tweets', 3);
  const ids = collected.map(({ tweetId }) => tweetId);
  assert.equal(new Set(ids).size, ids.length);
});

test('lists of users are full pages in order, and counts are exact', async () => {
  const [reader, author] = await two();
  const fans = await site.users(...Array.from({ length: 7 }, (_, index) => `fan${index}`));
  const tweetId = await post(author, 'liked by many');
  for (const fan of fans) {
    await fan.post('/follow', { userId: author.id });
    await fan.post('/like', { tweetId });
    await fan.post('/comment', { tweetId, content: `from ${fan.handle}` });
    await fan.post('/repost', { tweetId });
  }
  const newestFirst = fans.map(({ id }) => id).toReversed();
  // One of them is hidden from the viewer; counts are the same for everyone.
  await fans[3]!.post('/block', { userId: reader.id });
  const visible = newestFirst.filter((id) => id !== fans[3]!.id);
  for (const list of ['likes', 'comments', 'reposts']) {
    const first = await reader.get(`/tweets/${tweetId}/${list}?limit=4`);
    assert.equal(first[list].length, 4, 'full although one is left out');
    const rows = await reader.list(`/tweets/${tweetId}/${list}`, list, 4);
    assert.deepEqual(
      rows.map(({ userId }) => userId),
      visible,
    );
    assert.equal((await site.nobody.get(`/tweets/${tweetId}/${list}`))[list].length, 7);
  }
  assert.deepEqual(await reader.list(`/${author.id}/followers`, 'followers', 4), visible);
  const { likeCount, commentCount, repostCount, likes, comments } = await reader.get(`/tweets/${tweetId}`);
  assert.deepEqual([likeCount, commentCount, repostCount, likes.length, comments.length], [7, 7, 7, 3, 3]);
  const { followerCount, followers } = await reader.get(`/${author.id}/profile`);
  assert.deepEqual([followerCount, followers], [7, visible]);
});

test('invalid limits and cursors are refused, and named in the error', async () => {
  const [reader, author] = await followerWith('one', 'two');
  for (const limit of ['0', '-1', '101', '1e9', 'NaN', '']) {
    const { status, body } = await reader.send('GET', `${HOME}&limit=${limit}`);
    assert.deepEqual([status, body.code, body.errors[0].pointer], [400, 'invalid_request', '#/query/limit']);
  }
  for (const k of ['0', '101']) {
    assert.equal((await reader.send('GET', `${HOME}&order=top&k=${k}`)).status, 400);
  }
  const { nextCursor } = await reader.get(`${HOME}&limit=1`);
  const elsewhere = [
    reader.send('GET', `${HOME}&own=true&cursor=${nextCursor}`),
    author.send('GET', `${HOME}&cursor=${nextCursor}`),
    reader.send('GET', `/${author.id}/tweets?cursor=${nextCursor}`),
    reader.send('GET', `${HOME}&cursor=${nextCursor.slice(0, -2)}AA`),
  ];
  for (const { status, body } of await Promise.all(elsewhere)) {
    assert.deepEqual([status, body.code], [400, 'invalid_cursor']);
  }
});

test('an idempotency key posts once, however often it is sent', async () => {
  const [, author] = await two();
  const key = { 'idempotency-key': 'once' };
  const answers = await Promise.all(
    [1, 2, 3].map(() => author.send('POST', '/postTweet', { content: 'once' }, key)),
  );
  const done = answers.filter(({ status }) => status === 200);
  assert.ok(done.length > 0);
  for (const { status, body } of answers)
    assert.ok(status === 200 || body.code === 'idempotency_in_progress');
  const again = await author.send('POST', '/postTweet', { content: 'once' }, key);
  assert.deepEqual(again.body, done[0]!.body, 'the same answer, to the time');
  assert.deepEqual(await textsOf(author, '/me/tweets'), ['once']);
  const other = await author.send('POST', '/postTweet', { content: 'another' }, key);
  assert.deepEqual([other.status, other.body.code], [409, 'idempotency_mismatch']);
  const comment = { tweetId: again.body.tweetId, content: 'said once' };
  const first = await author.send('POST', '/comment', comment, key);
  const second = await author.send('POST', '/comment', comment, key);
  assert.deepEqual([first.status, second.body], [200, first.body], 'keys belong to a user and a route');
  assert.equal((await author.get(`/tweets/${comment.tweetId}`)).commentCount, 1);
});

test("one user's reposts can be hidden from a home, their own tweets stay, and what else stands comes back", async () => {
  const [reader, author] = await two();
  count += 1;
  const [stranger, other] = await site.users(`stranger${count}`, `other${count}`);
  for (const followee of [author, other]) await reader.post('/follow', { userId: followee.id });
  const tweetId = await post(stranger, 'reposted by both');
  const lone = await post(stranger, 'reposted by one');
  await other.post('/repost', { tweetId });
  await author.post('/repost', { tweetId });
  await author.post('/repost', { tweetId: lone });
  await post(author, 'own');
  await site.settle();
  const home = async () => {
    const { tweets } = await reader.get(HOME);
    return tweets.map(({ content, repostedBy }: { content: string; repostedBy: string[] }) => [
      content,
      repostedBy,
    ]);
  };
  const all = [
    ['own', []],
    ['reposted by one', [author.id]],
    ['reposted by both', [author.id, other.id]],
  ];
  assert.deepEqual(await home(), all);
  await reader.send('PUT', `/follow/${author.id}`, { reposts: false });
  assert.deepEqual(await home(), [
    ['own', []],
    ['reposted by both', [other.id]],
  ]);
  await reader.send('PUT', `/follow/${author.id}`, { reposts: true });
  assert.deepEqual(await home(), all);

  const { status, body } = await reader.send('PUT', `/follow/${stranger.id}`, { reposts: false });
  assert.deepEqual([status, body.code], [404, 'not_found'], 'nobody whom one does not follow');
  await reader.send('PUT', `/follow/${author.id}`, { reposts: false });
  await reader.delete(`/follow/${author.id}`);
  await reader.post('/follow', { userId: author.id });
  await eventually(async () => assert.deepEqual(await home(), all), SETTLED_MS);
});

test('a follower can be removed; a private one is neither removed nor revealed', async () => {
  const [follower, followed] = await two();
  await follower.post('/follow', { userId: followed.id });
  await post(followed, 'for followers');
  await followed.delete(`/me/followers/${follower.id}`);
  assert.deepEqual((await followed.get('/me/followers')).followers, []);
  assert.deepEqual((await follower.get('/me/following')).following, []);
  assert.deepEqual(await textsOf(follower), []);
  await followed.delete(`/me/followers/${follower.id}`);
  await follower.post('/follow', { userId: followed.id, private: true });
  await followed.delete(`/me/followers/${follower.id}`);
  assert.deepEqual((await follower.get('/me/following')).following, [followed.id]);
});
