/**
 * A private follow is visible to its follower alone (promise 9), tested as non-interference: the same story runs with
 * private follows and without them, and no call may answer anybody but the follower differently.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { WINDOWS } from '#domain/limits.ts';
import { type Client, eventually, type User } from '#test/support/client.ts';
import type { EventStream } from '#test/support/event-stream.ts';
import { openSystemHttp, type SystemHttp } from '#test/support/system-http.ts';
import { comparable, everyAddress, type Subjects, wholeAnswer } from './every-answer.ts';

interface Story {
  site: SystemHttp;
  xena: User;
  yara: User;
  zoe: User;
  wes: User;
  observers: Record<string, Client>;
  streams: Record<string, EventStream>;
  subjects: Subjects;
  /** Ids by their role in both runs. */
  names: Map<string, string>;
}

/**
 * Xena follows Yara, privately, all along; Zoe, publicly at first and then privately; Wes, privately for a while; and
 * Pia, privately, until she becomes protected. Where it is not `secret`, none of that happens.
 */
async function play(secret: boolean): Promise<Story> {
  const site = await openSystemHttp();
  after(() => site.close());
  const [xena, yara, zoe, wes, pia, mia, sam] = await site.users(
    'xena',
    'yara',
    'zoe',
    'wes',
    'pia',
    'mia',
    'sam',
  );
  const names = new Map<string, string>();
  async function post(author: User, content: string) {
    const { tweetId } = await author.post('/postTweet', { content });
    names.set(tweetId, `the tweet "${content}"`);
    return tweetId as string;
  }
  const streams = { yara: await site.stream(yara), zoe: await site.stream(zoe) };
  // Mia knows all of them. Yara and Zoe have equally many followers, so that an additional one would show.
  for (const user of [xena, yara, zoe, wes]) await follow(mia, user);
  for (const user of [xena, yara, zoe]) await follow(user, mia);
  await follow(sam, xena);
  await follow(sam, mia);
  await follow(xena, zoe);
  await site.settle();
  if (secret) for (const user of [yara, zoe, wes, pia]) await follow(xena, user, true);
  else await xena.delete(`/follow/${zoe.id}`);
  const first = await post(yara, 'one of yara');
  await post(zoe, 'one of zoe');
  await post(wes, 'one of wes');
  await post(pia, 'one of pia');
  await pia.post('/me/profile', { protected: true });
  if (secret) await xena.delete(`/follow/${wes.id}`);
  // Actions after a private follow show in the same way as without it.
  await xena.post('/like', { tweetId: first });
  await xena.post('/comment', { tweetId: first, content: 'well said' });
  await xena.post('/repost', { tweetId: first });
  await xena.get('/me/tweets?followed=true');
  await post(yara, 'two of yara');
  await follow(sam, yara);
  await follow(sam, zoe);
  await site.settle();
  for (const stream of Object.values(streams)) {
    await stream.until('notification', ({ type, actors }) => type === 'follow' && actors.includes(sam.id));
  }
  const cast = [xena, yara, zoe, wes, pia, mia, sam];
  return {
    site,
    xena,
    yara,
    zoe,
    wes,
    observers: { yara, zoe, wes, pia, mia, sam, nobody: site.nobody },
    streams,
    subjects: {
      userIds: cast.map(({ id }) => id),
      handles: cast.map(({ handle }) => handle),
      tweetIds: [...names.keys()],
    },
    names,
  };
}

async function follow(follower: User, followee: User, privately = false): Promise<void> {
  await follower.post('/follow', { userId: followee.id, private: privately });
}

const secret = await play(true);
const open = await play(false);
const PUBLIC_TWEETS = ['one of wes', 'one of yara', 'one of zoe', 'two of yara'];

/** Global lists are made about once a second, each on its own. Throws until one has all public tweets. */
async function listsAll(site: Story['site'], window: string): Promise<void> {
  const { tweets } = await site.nobody.get(`/tweets?window=${window}`);
  assert.deepEqual(tweets.map(({ content }: { content: string }) => content).sort(), PUBLIC_TWEETS);
}

async function seenBy(story: Story, observer: string, address: string): Promise<unknown> {
  return comparable(await wholeAnswer(story.observers[observer]!, address), story.names);
}
/** The same requests in both stories, with the path of each. */
async function addresses(): Promise<{ name: string; secret: string; open: string }[]> {
  const named = async ({ site, subjects, names }: Story) =>
    (await everyAddress(site.url, subjects)).map((address) => ({
      address,
      name: address.replace(/\d{11,}/, (id) => names.get(id)!),
    }));
  const [inSecret, inOpen] = [await named(secret), await named(open)];
  return inSecret.map(({ name, address }, index) => {
    assert.equal(name, inOpen[index]!.name);
    return { name, secret: address, open: inOpen[index]!.address };
  });
}

test('no call answers anybody but the follower differently, cursors and their lengths included', async () => {
  await eventually(async () => {
    for (const window of WINDOWS) for (const { site } of [secret, open]) await listsAll(site, window);
  });
  const all = await addresses();
  assert.ok(all.length > 80);
  for (const observer of Object.keys(secret.observers)) {
    for (const { name, secret: one, open: other } of all) {
      const [seen, right] = [await seenBy(secret, observer, one), await seenBy(open, observer, other)];
      assert.deepEqual(seen, right, `${observer} reads ${name}`);
    }
  }
});

test('nor does any stream', () => {
  const told = ({ streams, names }: Story, user: 'yara' | 'zoe') =>
    streams[user]!.events.filter(({ type }) => type !== 'counts').map(({ type, data }) =>
      comparable({ type, data }, names),
    );
  assert.deepEqual(told(secret, 'yara'), told(open, 'yara'));
  assert.deepEqual(told(secret, 'zoe'), told(open, 'zoe'));
});

test('the follower sees them in their own list, marked, and reads what they write', async () => {
  const { xena, yara, zoe } = secret;
  const { following, private: privately } = await xena.get('/me/following');
  assert.ok(following.includes(yara.id) && following.includes(zoe.id));
  assert.deepEqual(privately.sort(), [yara.id, zoe.id].sort());
  const { viewer, followerCount } = await xena.get(`/${yara.id}/profile`);
  assert.equal(viewer.following, true);
  assert.equal(followerCount, 2, 'private follows count for nobody, their follower included');
  const home = await xena.get('/me/tweets?followed=true');
  const texts = home.tweets.map(({ content }: { content: string }) => content);
  assert.deepEqual(texts, ['two of yara', 'one of zoe', 'one of yara']);
});

test('a protected account cannot be followed privately, and becoming one ends private follows', async () => {
  const { xena, subjects } = secret;
  const pia = subjects.userIds[4]!;
  const { status, body } = await xena.send('POST', '/follow', { userId: pia, private: true });
  assert.deepEqual([status, body.code], [409, 'protected_account']);
  const { following } = await xena.get('/me/following');
  assert.ok(!following.includes(pia));
});
