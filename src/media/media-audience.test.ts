/** Who is served which picture, decided at each read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inMediaWorld, type MediaWorld } from './testing/media.ts';

const [ANN, BOB, CYD] = [1, 2, 3];
const traceId = '';

/** How a picture is served to its owner, to Bob, to Cyd and to nobody in particular. */
const audience = async ({ served }: MediaWorld, name: string) => ({
  ann: await served(name, ANN),
  bob: await served(name, BOB),
  cyd: await served(name, CYD),
  nobody: await served(name, null),
});
const all = (how: 'public' | 'private' | null) => ({ ann: how, bob: how, cyd: how, nobody: how });
const setProtected = ({ social }: MediaWorld, value: boolean) =>
  social.setProfile({ userId: ANN, changes: { protected: value }, traceId });

async function withPictures(
  body: (world: MediaWorld, inTweet: string, inProfile: string, tweet: number) => Promise<void>,
) {
  await inMediaWorld(async (world) => {
    await world.users(CYD);
    const [{ image: inTweet }, { image: inProfile }] = [
      await world.upload(ANN, 'a'),
      await world.upload(ANN, 'b'),
    ];
    const tweet = await world.postWith(ANN, [inTweet]);
    await world.setPicture(ANN, inProfile);
    await body(world, inTweet, inProfile, tweet);
  });
}

test('what a tweet or a profile shows is served to everybody, from the very answer to the post', () =>
  withPictures(async (world, inTweet, inProfile) => {
    for (const name of [inTweet, inProfile]) assert.deepEqual(await audience(world, name), all('public'));
    await world.sweep();
    for (const name of [inTweet, inProfile]) assert.deepEqual(await audience(world, name), all('public'));
  }));

test('a picture in several tweets is served as long as one of them stands', () =>
  withPictures(async (world, inTweet, _inProfile, first) => {
    const second = await world.postWith(ANN, [inTweet]);
    await world.sweep();
    await world.remove(ANN, second);
    assert.deepEqual(await audience(world, inTweet), all('public'));
    await world.sweep();
    assert.deepEqual(await audience(world, inTweet), all('public'));
    await world.remove(ANN, first);
    assert.deepEqual(await audience(world, inTweet), all(null));
  }));

test('pictures of a protected user’s tweets are for those who may read them; the profile’s is for all', () =>
  withPictures(async (world, inTweet, inProfile) => {
    await world.social.follow({ follower: BOB, followee: ANN, private: false, traceId });
    await setProtected(world, true);
    const some = { ann: 'private', bob: 'private', cyd: null, nobody: null };
    assert.deepEqual(await audience(world, inTweet), some);
    assert.deepEqual(await audience(world, inProfile), all('public'));
    await world.social.unfollow({ follower: BOB, followee: ANN, traceId });
    assert.deepEqual(await audience(world, inTweet), { ...some, bob: null });
    await setProtected(world, false);
    assert.deepEqual(await audience(world, inTweet), all('public'));
  }));

test('whom somebody blocks is served none of their pictures; whoever blocks sees their profile’s alone', () =>
  withPictures(async (world, inTweet, inProfile) => {
    await world.social.block({ userId: ANN, other: BOB, traceId });
    await world.social.block({ userId: CYD, other: ANN, traceId });
    assert.deepEqual(await audience(world, inTweet), { ...all('public'), bob: null, cyd: null });
    assert.deepEqual(await audience(world, inProfile), { ...all('public'), bob: null });
  }));

test('pictures of a suspended account are served to nobody, and again when it is reinstated', () =>
  withPictures(async (world, inTweet, inProfile) => {
    await world.social.setAccount({ userId: ANN, state: 'suspended' });
    for (const name of [inTweet, inProfile]) assert.deepEqual(await audience(world, name), all(null));
    await world.social.setAccount({ userId: ANN, state: 'active' });
    for (const name of [inTweet, inProfile]) assert.deepEqual(await audience(world, name), all('public'));
  }));

test('what nothing shows yet is served to whoever was told its name and may read its owner, and kept by no cache', () =>
  inMediaWorld(async (world) => {
    await world.users(CYD);
    const { image } = await world.upload(ANN);
    assert.deepEqual(await audience(world, image), all('private'));
    await setProtected(world, true);
    assert.deepEqual(await audience(world, image), { ...all(null), ann: 'private' });
  }));

test('a picture that only ever was in a tweet of somebody who used it without saying so is not served when that is gone', () =>
  inMediaWorld(async (world) => {
    const { image } = await world.upload(ANN);
    // The process ended between the post and the end of its hold.
    const { images } = await world.media.hold({ owner: ANN, names: [image] });
    const post = {
      author: ANN,
      content: 'look',
      images,
      appId: null,
      idempotency: null,
      traceId,
    };
    const { tweetId } = await world.tweets.post(post);
    await world.sweep();
    assert.notEqual(await world.served(image, null), null);
    await world.remove(ANN, tweetId);
    await world.sweep();
    assert.equal(await world.served(image, null), null);
  }));
