/** Notifications and event streams, as users see them through the API. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type ApiResponse, eventually, type User } from '#test/support/client.ts';
import { openSystemHttp } from '#test/support/system-http.ts';

const site = await openSystemHttp();
after(() => site.close());
let count = 0;

type Notification = ApiResponse['body'];

async function cast(): Promise<readonly [User, User, User]> {
  count += 1;
  return await site.users(`ann${count}`, `ben${count}`, `cyd${count}`);
}
async function post(author: User, content: string): Promise<string> {
  return (await author.post('/postTweet', { content })).tweetId;
}
/** A user's notifications, newest first, once everything has been folded. */
async function told(user: User): Promise<{ notifications: Notification[]; unread: number }> {
  await site.settle();
  return await user.get('/me/notifications');
}
async function typesTold(user: User): Promise<string[]> {
  const { notifications } = await told(user);
  return notifications.map(({ type }) => type);
}

test('a like, a comment, a repost, a mention, a follow and a request are notifications that name the actor', async () => {
  const [ann, ben] = await cast();
  const tweetId = await post(ann, 'hello');
  await ben.post('/like', { tweetId });
  const { commentId } = await ben.post('/comment', { tweetId, content: 'hi' });
  await ben.post('/repost', { tweetId });
  const mention = await post(ben, `@${ann.handle} look`);
  await ben.post('/follow', { userId: ann.id });
  const { notifications, unread } = await told(ann);
  const seen = notifications.map(({ type, actors, tweetId: about, commentId: comment, read }) => [
    type,
    actors,
    about,
    comment,
    read,
  ]);
  assert.deepEqual(seen, [
    ['follow', [ben.id], null, null, false],
    ['mention', [ben.id], mention, null, false],
    ['repost', [ben.id], tweetId, null, false],
    ['comment', [ben.id], tweetId, commentId, false],
    ['like', [ben.id], tweetId, null, false],
  ]);
  assert.equal(unread, 5);
  assert.deepEqual(await typesTold(ben), [], 'nobody is told what they did themselves');

  await ann.post('/me/profile', { protected: true });
  const cyd = await site.user(`asker${count}`);
  await cyd.post('/follow', { userId: ann.id });
  assert.equal((await typesTold(ann))[0], 'followRequest');
  await ann.post(`/me/follow-requests/${cyd.id}`, { approve: false });
  assert.notEqual((await typesTold(ann))[0], 'followRequest', 'what is answered is told no more');
});

test('notifications vanish when their cause does: by undoing, deleting, unfollowing, or making a follow private', async () => {
  const [ann, ben] = await cast();
  const tweetId = await post(ann, 'hello');
  await ben.post('/like', { tweetId });
  const { commentId } = await ben.post('/comment', { tweetId, content: 'hi' });
  await ben.post('/follow', { userId: ann.id });
  const mention = await post(ben, `@${ann.handle} look`);
  assert.deepEqual(await typesTold(ann), ['mention', 'follow', 'comment', 'like']);
  await ben.delete(`/tweets/${mention}`);
  await ben.post('/follow', { userId: ann.id, private: true });
  await ben.delete(`/tweets/${tweetId}/comments/${commentId}`);
  // From the next read on.
  const { notifications, unread } = await ann.get('/me/notifications');
  assert.deepEqual([notifications.map(({ type }: Notification) => type), unread], [['like'], 1]);
  await ben.delete(`/like/${tweetId}`);
  assert.deepEqual((await ann.get('/me/notifications')).notifications, []);
});

test('likes of a tweet form one group until it is read; later ones form another', async () => {
  const [ann, ben, cyd] = await cast();
  const tweetId = await post(ann, 'hello');
  await ben.post('/like', { tweetId });
  await cyd.post('/like', { tweetId });
  const first = await told(ann);
  assert.equal(first.notifications.length, 1);
  const [group] = first.notifications;
  assert.deepEqual([group.actors, group.actorCount, first.unread], [[cyd.id, ben.id], 2, 1]);
  assert.deepEqual((await ann.post('/me/notifications/read', { upTo: group.id })).unread, 0);
  await site.user(`late${count}`).then((late) => late.post('/like', { tweetId }));
  const second = await told(ann);
  assert.deepEqual(
    second.notifications.map(({ actorCount, read }) => [actorCount, read]),
    [
      [1, false],
      [2, true],
    ],
  );
  assert.equal(second.unread, 1);
});

test('pages of notifications repeat no group that grows meanwhile', async () => {
  const [ann, ben, cyd] = await cast();
  const tweets = [await post(ann, 'one'), await post(ann, 'two'), await post(ann, 'three')];
  for (const tweetId of tweets) await ben.post('/like', { tweetId });
  await site.settle();
  const collected: string[] = [];
  let cursor = '';
  do {
    const page = await ann.get(`/me/notifications?limit=1${cursor}`);
    collected.push(...page.notifications.map(({ tweetId }: Notification) => tweetId));
    cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`;
    // The group that was just shown, and the one that would come last, grow and move to the top.
    await cyd.post('/like', { tweetId: collected.at(-1) });
    await cyd.post('/like', { tweetId: tweets[0] });
    await site.settle();
  } while (cursor !== '');
  assert.deepEqual(collected, tweets.toReversed());
});

test('the bell: by default new tweets form one group; with `all` each is a notification, with `off` none is', async () => {
  const [ann, ben] = await cast();
  await ann.post('/follow', { userId: ben.id });
  await post(ben, 'one');
  await post(ben, 'two');
  const byDefault = await told(ann);
  assert.deepEqual(
    byDefault.notifications.map(({ type, actorCount }) => [type, actorCount]),
    [['tweet', 1]],
  );
  assert.equal(byDefault.unread, 1);
  await ann.post('/me/notifications/read', { upTo: byDefault.notifications[0].id });
  await ann.post('/bell', { userId: ben.id, level: 'all' });
  assert.equal((await ann.get(`/${ben.id}/profile`)).viewer.bell, 'all');
  const three = await post(ben, 'three');
  const four = await post(ben, 'four');
  await eventually(async () => {
    const { notifications, unread } = await told(ann);
    const unreadTweets = notifications.filter(({ read }) => !read).map(({ tweetId }) => tweetId);
    assert.deepEqual([unreadTweets, unread], [[four, three], 2]);
  });
  await ann.post('/me/notifications/read', { upTo: four });
  await ann.post('/bell', { userId: ben.id, level: 'off' });
  await post(ben, 'five');
  assert.equal((await told(ann)).unread, 0);
});

test('a muted thread, a muted user and settings suppress notifications', async () => {
  const [ann, ben, cyd] = await cast();
  const loud = await post(ann, 'loud');
  await ann.post('/muteThread', { tweetId: loud });
  await ben.post('/comment', { tweetId: loud, content: 'unheard' });
  await ben.post('/like', { tweetId: loud });
  const quiet = await post(ann, 'quiet');
  await ann.post('/mute', { userId: cyd.id });
  await cyd.post('/like', { tweetId: quiet });
  const { status, body } = await ann.send('PUT', '/me/notification-settings', {
    types: { repost: { audience: 'following' }, mention: { channels: { inApp: false } } },
  });
  assert.deepEqual(
    [status, body.types.repost.audience, body.types.like.audience],
    [200, 'following', 'everyone'],
  );
  await ben.post('/repost', { tweetId: quiet });
  await post(ben, `@${ann.handle} unheard`);
  assert.deepEqual(await typesTold(ann), []);
  await ann.delete(`/muteThread/${loud}`);
  await ben.post('/comment', { tweetId: loud, content: 'heard' });
  assert.deepEqual(await typesTold(ann), ['comment']);
});

test('a stream announces tweets, deletions, notifications and counts as they happen', async () => {
  const [ann, ben] = await cast();
  await ann.post('/follow', { userId: ben.id });
  const own = await post(ann, 'mine');
  await site.settle();
  const stream = await site.stream(ann);
  const tweetId = await post(ben, 'live');
  const tweet = await stream.until('tweet', (data) => data.tweetId === tweetId);
  assert.deepEqual(
    [tweet.data.userId, Object.keys(tweet.data).sort()],
    [ben.id, ['time', 'tweetId', 'userId']],
  );
  await ben.post('/like', { tweetId: own });
  const { data } = await stream.until('notification');
  assert.deepEqual([data.type, data.actors, data.tweetId], ['like', [ben.id], own]);
  // The like, and the group of new tweets.
  await stream.until('counts', ({ unread }) => unread === 2);
  await ben.delete(`/tweets/${tweetId}`);
  await stream.until('delete', (event) => event.tweetId === tweetId);
  stream.close();
});

test('a stream resumes after its last event, without users blocked meanwhile, or says reset', async () => {
  const [ann, ben, cyd] = await cast();
  for (const { id } of [ben, cyd]) await ann.post('/follow', { userId: id });
  await site.settle();
  const first = await site.stream(ann);
  const seen = await post(ben, 'seen');
  await first.until('tweet', ({ tweetId }) => tweetId === seen);
  const lastEventId = first.lastEventId();
  const missed = await post(ben, 'missed');
  const blocked = await post(cyd, 'of somebody who is blocked soon');
  await first.until('tweet', ({ tweetId }) => tweetId === missed);
  await first.until('tweet', ({ tweetId }) => tweetId === blocked);
  first.close();
  await ann.post('/block', { userId: cyd.id });
  const second = await site.stream(ann, lastEventId);
  const last = await post(ben, 'after the return');
  await second.until('tweet', ({ tweetId }) => tweetId === last);
  const tweets = second.events.filter(({ type }) => type === 'tweet').map(({ data }) => data.tweetId);
  assert.deepEqual(tweets, [missed, last]);
  second.close();
  const third = await site.stream(ann, 'nothing-9999');
  await third.until('reset');
  third.close();
});

test('a stream ends within 5 s after its session; a sixth one is refused', async () => {
  const [ann] = await cast();
  const { token } = await site.nobody.post('/login', {
    handle: ann.handle,
    password: `${ann.handle} likes long passwords`,
  });
  const elsewhere = { ...ann, token };
  const streams = await Promise.all([ann, ann, ann, ann, elsewhere].map((user) => site.stream(user)));
  await assert.rejects(site.stream(ann), /429/);
  const { sessions } = await ann.get('/sessions');
  const other = sessions.find(({ current }: { current: boolean }) => !current);
  await ann.delete(`/sessions/${other.id}`);
  await eventually(async () => assert.ok(streams[4]!.ended()), 5_000);
  assert.deepEqual(
    streams.map((stream) => stream.ended()),
    [false, false, false, false, true],
  );
  for (const stream of streams) stream.close();
});
