import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Engagement } from '#engagement/engagement.ts';
import { inMediaWorld, type MediaWorld } from '#media/testing/media.ts';
import { createMemoryReportsBackend } from '#moderation/stores/memory.ts';
import { createNotificationsService } from '#notifications/notifications-service.ts';
import { createMemoryNotificationsBackend } from '#notifications/stores/memory.ts';
import { timelineOver } from '#notifications/testing/notifications.ts';
import { createSeededRandom } from '#platform/random.ts';
import { processAll } from '#platform/worker.ts';
import { createPubSub } from '#queue/pubsub.ts';
import { erasureSteps } from '#system/erasure-steps.ts';
import { createAccountsService } from './accounts-service.ts';
import { createAnnouncer } from './announcer.ts';
import { createErasure, type ErasureDeps } from './erasure.ts';
import { createPasswordHasher } from './password-hasher.ts';
import { createMemoryAccountsBackend } from './stores/memory.ts';
import { CLIENT, UNCOUNTED } from './testing/accounts.ts';

const ANN = { handle: 'Ann', password: 'a good sentence', name: 'Ann', device: '', client: CLIENT };
const BOB = { handle: 'Bob', password: 'a good sentence', name: 'Bob', device: '', client: CLIENT };

/** Ann and Bob with accounts; Ann has a tweet with a picture, a like, a comment, a repost and follows. */
async function createUsers(world: MediaWorld) {
  const { social, clock, minter } = world;
  const random = createSeededRandom(9);
  const { accounts: store } = createMemoryAccountsBackend().open();
  const reports = createMemoryReportsBackend().open();
  const hasher = createPasswordHasher({ random, memory_KiB: 64 });
  // The world's own users have the first ids.
  await store.allocateUserIds({ count: 64 });
  const announcer = createAnnouncer({ store, social });
  const accountDeps = {
    store,
    social,
    announcer,
    hasher,
    attempts: UNCOUNTED,
    pubsub: createPubSub(),
    mint: minter.mint,
    clock,
    random,
  };
  const { accounts } = createAccountsService(accountDeps);
  const session = await accounts.signUp(ANN);
  const ann = session.userId;
  const bob = (await accounts.signUp(BOB)).userId;
  const { notifications } = createNotificationsService({
    ...world,
    store: createMemoryNotificationsBackend().open(),
    timeline: timelineOver(world),
    pubsub: createPubSub(),
  });
  const bobs = await world.post(bob);
  const picture = await world.upload(ann);
  const tweet = await world.postWith(ann, ['image1.png']);
  await world.like(ann, bobs);
  await world.repost(ann, bobs);
  await world.comment(ann, bobs);
  await world.follow(ann, bob);
  await world.follow(bob, ann);
  const forgotten: number[] = [];
  const timeline = { forget: async ({ user }: { user: number }) => void forgotten.push(user) };
  const services = { ...world, notifications, timeline, moderation: reports };
  const erasureDeps: ErasureDeps = { store, social, clock, steps: erasureSteps(services) };
  const erasure = createErasure(erasureDeps);
  return { accounts, store, session, ann, bob, bobs, tweet, picture, services, erasureDeps, erasure };
}

async function isGone(
  world: MediaWorld,
  { ann, bob, bobs, tweet, picture }: Awaited<ReturnType<typeof createUsers>>,
) {
  const { tweets, engagement, social } = world;
  assert.deepEqual(await tweets.get({ ids: [tweet] }), []);
  const [summary] = await engagement.summaries({ viewer: bob, tweetIds: [bobs] });
  assert.deepEqual([summary?.likeCount, summary?.commentCount, summary?.repostCount], [0, 0, 0]);
  const profile = await social.profile({ userId: bob, viewer: bob });
  assert.deepEqual([profile.followerCount, profile.followingCount], [0, 0]);
  assert.equal(await world.bytesOf(picture.image), undefined);
  const [view] = await social.view({ viewer: bob, userIds: [ann] });
  return view?.state;
}

test('an erasure begins within a second, so that counts settle within two', () =>
  inMediaWorld(async (world) => {
    const { erasure } = await createUsers(world);
    assert.ok(erasure.idle_ms <= 1_000);
  }));

test('a removed account is hidden at once, then everything it did is erased, then the account', () =>
  inMediaWorld(async (world) => {
    const users = await createUsers(world);
    const { accounts, store, session, ann, bob, erasure } = users;
    await accounts.remove({ session, password: ANN.password, client: CLIENT });
    const [view] = await world.social.view({ viewer: bob, userIds: [ann] });
    assert.equal(view?.state, 'erasing');
    await processAll([erasure]);
    assert.equal(await isGone(world, users), 'erasing');
    await world.hours(0.1);
    await processAll([erasure]);
    assert.equal(await isGone(world, users), 'erased');
    const row = await store.byId({ userId: ann });
    assert.deepEqual([row?.state, row?.name, row?.passwordHash], ['erased', '', '']);
    assert.equal(await erasure.step(), false);
  }));

test('writes of requests that were admitted before the removal are erased too', () =>
  inMediaWorld(async (world) => {
    const { accounts, session, ann, erasure } = await createUsers(world);
    await accounts.remove({ session, password: ANN.password, client: CLIENT });
    await processAll([erasure]);
    const late = await world.post(ann, 'late');
    await world.hours(0.1);
    await processAll([erasure]);
    assert.deepEqual(await world.tweets.get({ ids: [late] }), []);
  }));

test('an erasure that crashes at any step continues in the next process', () =>
  inMediaWorld(async (world) => {
    const users = await createUsers(world);
    const { accounts, session, erasureDeps } = users;
    await accounts.remove({ session, password: ANN.password, client: CLIENT });
    await world.hours(0.1);
    let steps = 0;
    // Each process takes one step more than the previous one.
    for (let most = 1; steps < 1_000; most++) {
      const erasure = createErasure(erasureDeps);
      let more = true;
      for (let step = 0; step < most && more; step++, steps++) more = await erasure.step();
      if (!more) break;
    }
    assert.ok(steps < 1_000);
    assert.equal(await isGone(world, users), 'erased');
  }));

test('a removed account that could not be hidden is hidden in the background', () =>
  inMediaWorld(async (world) => {
    const users = await createUsers(world);
    const { store, ann, erasure } = users;
    // The intent was written, and the process died before it told the social service.
    await store.setState({
      userId: ann,
      from: ['active'],
      to: 'erasing',
      time: world.clock.now(),
      audit: null,
    });
    await erasure.step();
    assert.equal((await world.social.view({ viewer: null, userIds: [ann] }))[0]?.state, 'erasing');
  }));

test('a service that is down delays the erasure but loses nothing of it', () =>
  inMediaWorld(async (world) => {
    const users = await createUsers(world);
    const { accounts, session, services, erasureDeps } = users;
    await accounts.remove({ session, password: ANN.password, client: CLIENT });
    await world.hours(0.1);
    let down = true;
    const engagement: Pick<Engagement, 'eraseActor'> = {
      async eraseActor(request) {
        if (down) throw new Error('down');
        return world.engagement.eraseActor(request);
      },
    };
    const erasure = createErasure({ ...erasureDeps, steps: erasureSteps({ ...services, engagement }) });
    await assert.rejects(processAll([erasure]), /down/);
    await assert.rejects(processAll([erasure]), /down/);
    down = false;
    await processAll([erasure]);
    assert.equal(await isGone(world, users), 'erased');
  }));
