/** What is read, and what is not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inWorld, notify } from './testing/notifications.ts';

const [ann, bob, cid, dan] = [1, 2, 3, 4] as const;
const everybody = [ann, bob, cid, dan];
const MENTION = { type: 'mention', commentId: null } as const;

describe('the read marker', () => {
  test('never goes back, and covers what it names', () =>
    inWorld(everybody, async (world) => {
      const { notifications } = world;
      const first = await world.post(bob, '@p1 one');
      const second = await world.post(bob, '@p1 two');
      await world.settle();
      assert.deepEqual(await notifications.markRead({ userId: ann, upTo: first }), { unread: 1 });
      assert.deepEqual(await world.headlines(ann), ['mention 2 (1)*', 'mention 2 (1)']);
      assert.deepEqual(await notifications.markRead({ userId: ann, upTo: second }), { unread: 0 });
      assert.deepEqual(await notifications.markRead({ userId: ann, upTo: first }), { unread: 0 });
    }));

  test('beyond now does not read what is yet to come, not even within the same second', () =>
    inWorld(everybody, async (world) => {
      await world.follow(ann, dan);
      await world.post(bob, '@p1 one');
      await world.post(dan);
      await world.settle();
      const upTo = Number.MAX_SAFE_INTEGER;
      assert.deepEqual(await world.notifications.markRead({ userId: ann, upTo }), { unread: 0 });
      await world.post(bob, '@p1 two');
      await world.post(dan);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['tweet 4 (1)*', 'mention 2 (1)*', 'mention 2 (1)']);
    }));

  test('reads nothing that came later, though a clock that was ahead gave the earlier ones higher ids', () =>
    inWorld(everybody, async (world) => {
      const tweetId = await world.post(ann);
      const now = await world.post(dan);
      const ahead = now + 7_200_000 * 4_096;
      const about = { recipient: ann, type: 'like', tweetId, commentId: null } as const;
      const told = async () => (await world.store.notifications({ recipient: ann })).length;
      await world.like(bob, tweetId);
      await world.settle();
      await notify(world, { ...about, type: 'mention', id: ahead, actor: cid });
      assert.equal(await told(), 2);
      assert.deepEqual(await world.notifications.markRead({ userId: ann, upTo: ahead }), { unread: 0 });
      await world.like(dan, tweetId);
      await world.like(cid, tweetId);
      await world.settle();
      assert.equal(await world.unread(ann), 1);
      assert.deepEqual(await world.headlines(ann), ['mention 3 (1)', 'like 3,4 (2)*', 'like 2 (1)']);
      const [newest] = (await world.notifications.list({ userId: ann, before: null, limit: 1 }))
        .notifications;
      assert.deepEqual(await world.notifications.markRead({ userId: ann, upTo: newest!.id }), { unread: 0 });
      assert.deepEqual(await world.headlines(ann), ['mention 3 (1)', 'like 3,4 (2)', 'like 2 (1)']);
    }));

  test('reads nothing that was on its way when it was set', () =>
    inWorld(everybody, async (world) => {
      const tweetId = await world.post(ann);
      await world.like(bob, tweetId);
      const mention = await world.post(dan);
      await notify(world, { ...MENTION, recipient: ann, id: mention, tweetId: mention, actor: dan });
      assert.deepEqual(await world.notifications.markRead({ userId: ann, upTo: mention }), { unread: 0 });
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['mention 4 (1)', 'like 2 (1)*']);
      assert.equal(await world.unread(ann), 1);
      assert.deepEqual(await world.notifications.markRead({ userId: ann, upTo: mention }), { unread: 0 });
    }));

  test('holds through a rebuild', () =>
    inWorld(everybody, async (world) => {
      const tweetId = await world.post(ann);
      await world.like(bob, tweetId);
      await world.settle();
      await world.notifications.markRead({ userId: ann, upTo: Number.MAX_SAFE_INTEGER });
      await world.like(cid, tweetId);
      await world.settle();
      const before = await world.headlines(ann);
      assert.deepEqual(before, ['like 3 (1)*', 'like 2 (1)']);
      await world.view.startRebuild();
      await world.settle();
      assert.deepEqual(await world.headlines(ann), before);
    }));
});

describe('what turns up once somebody is hidden no more', () => {
  for (const [hide, show] of [
    ['mute', 'unmute'],
    ['block', 'unblock'],
  ] as const) {
    test(`after ${show}: all of the time in between is read, what was before is as it was`, () =>
      inWorld(everybody, async (world) => {
        const tweetId = await world.post(ann);
        await world.follow(ann, bob);
        await world.like(bob, tweetId);
        await world.post(bob, '@p1 before');
        await world.tick();
        await world[hide](ann, bob);
        await world.post(bob, '@p1 meanwhile');
        await world.post(bob);
        if (hide === 'mute') await world.comment(bob, tweetId);
        await world.settle();
        assert.equal(await world.unread(ann), 0);
        await world.tick();
        await world[show](ann, bob);
        const meanwhile = hide === 'mute' ? ['comment 2 (1)', 'mention 2 (1)'] : ['mention 2 (1)'];
        const expected = [...meanwhile, 'mention 2 (1)*', 'like 2 (1)*'];
        assert.deepEqual(await world.headlines(ann), expected);
        assert.equal(await world.unread(ann), 2);
        await world.post(bob, '@p1 after');
        await world.settle();
        assert.deepEqual(await world.headlines(ann), ['mention 2 (1)*', ...expected]);
        await world.view.startRebuild();
        await world.settle();
        assert.deepEqual(await world.headlines(ann), ['mention 2 (1)*', ...expected], 'after a rebuild');
      }));
  }

  test('of what was done in that time and folds only afterwards', () =>
    inWorld(everybody, async (world) => {
      await world.mute(ann, bob);
      await world.post(bob, '@p1');
      await world.tick();
      await world.unmute(ann, bob);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['mention 2 (1)']);
      assert.equal(await world.unread(ann), 0);
    }));

  test('also for whoever was blocked', () =>
    inWorld(everybody, async (world) => {
      await world.block(bob, ann);
      await world.post(bob, '@p1');
      await world.tick();
      await world.unblock(bob, ann);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['mention 2 (1)']);
    }));

  test('new tweets of a muted time are in no group of new ones', () =>
    inWorld(everybody, async (world) => {
      await world.follow(ann, bob);
      await world.tick();
      await world.mute(ann, bob);
      await world.post(bob);
      await world.tick();
      await world.unmute(ann, bob);
      assert.deepEqual(await world.headlines(ann), []);
      await world.post(bob);
      assert.deepEqual(await world.headlines(ann), ['tweet 2 (1)*']);
    }));

  test('a thread that is muted no more brings nothing back; what a rebuild then finds is read', () =>
    inWorld(everybody, async (world) => {
      const tweetId = await world.post(ann);
      await world.notifications.muteThread({ userId: ann, tweetId });
      await world.like(bob, tweetId);
      await world.settle();
      await world.notifications.unmuteThread({ userId: ann, tweetId });
      await world.like(cid, tweetId);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['like 3 (1)*']);
      await world.view.startRebuild();
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['like 3 (1)*', 'like 2 (1)']);
    }));

  test('whoever was suspended did nothing in that time: all is as it was', () =>
    inWorld(everybody, async (world) => {
      await world.post(bob, '@p1');
      await world.settle();
      await world.social.setAccount({ userId: bob, state: 'suspended' });
      assert.equal(await world.unread(ann), 0);
      await world.social.setAccount({ userId: bob, state: 'active' });
      assert.deepEqual(await world.headlines(ann), ['mention 2 (1)*']);
    }));
});
