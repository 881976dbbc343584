import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PubSubEvent } from '#queue/pubsub.ts';
import { inWorld, type World } from './testing/notifications.ts';

const [ann, bob, cid, dan] = [1, 2, 3, 4] as const;
const everybody = [ann, bob, cid, dan];

function hear(world: World, user: number): PubSubEvent[] {
  const heard: PubSubEvent[] = [];
  world.pubsub.subscribe(user, (event) => heard.push(event));
  return heard;
}

describe('follows', () => {
  test('form one group until read', () =>
    inWorld(everybody, async (world) => {
      await world.follow(bob, ann);
      await world.follow(cid, ann);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['follow 3,2 (2)*']);
      await world.readAll(ann);
      await world.follow(dan, ann);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['follow 4 (1)*', 'follow 3,2 (2)']);
    }));

  test('that have ended are gone at once; following again is a new one', () =>
    inWorld(everybody, async (world) => {
      await world.follow(bob, ann);
      await world.follow(cid, ann);
      await world.settle();
      await world.unfollow(bob, ann);
      assert.deepEqual(await world.headlines(ann), ['follow 3 (1)*']);
      await world.follow(bob, ann);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['follow 2,3 (2)*']);
      await world.block(ann, bob);
      await world.unblock(ann, bob);
      assert.deepEqual(await world.headlines(ann), ['follow 3 (1)*'], 'a block ended it');
    }));
});

describe('a private follow', () => {
  test('tells nobody: no notification, no count, no hint to a connected reader', () =>
    inWorld(everybody, async (world) => {
      const heard = hear(world, ann);
      const arrival = await world.store.arrival({ recipient: ann });
      await world.follow(bob, ann, true);
      await world.settle();
      await world.unfollow(bob, ann);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), []);
      assert.equal(await world.unread(ann), 0);
      assert.deepEqual(await world.store.notifications({ recipient: ann }), []);
      assert.deepEqual(heard, []);
      assert.equal(await world.store.arrival({ recipient: ann }), arrival, 'nor in a cursor');
    }));

  test('that was public takes its notification back, at once and for good', () =>
    inWorld(everybody, async (world) => {
      await world.follow(bob, ann);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['follow 2 (1)*']);
      await world.follow(bob, ann, true);
      assert.deepEqual(await world.headlines(ann), []);
      assert.equal(await world.unread(ann), 0);
      await world.settle();
      assert.deepEqual(await world.store.notifications({ recipient: ann }), []);
    }));

  test('that becomes public is told afresh, with an id that says nothing of the time before', () =>
    inWorld(everybody, async (world) => {
      await world.follow(bob, ann, true);
      await world.settle();
      const between = await world.post(ann);
      await world.readAll(ann);
      await world.follow(bob, ann);
      await world.settle();
      const { notifications } = await world.notifications.list({ userId: ann, before: null, limit: 20 });
      assert.deepEqual(
        notifications.map(({ type, actors, read }) => [type, actors, read]),
        [['follow', [bob], false]],
      );
      assert.ok(notifications[0]!.id > between);
    }));

  test('back and forth before anything is folded leaves what stands last', () =>
    inWorld(everybody, async (world) => {
      await world.follow(bob, ann);
      await world.follow(bob, ann, true);
      await world.follow(cid, ann, true);
      await world.follow(cid, ann);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['follow 3 (1)*']);
    }));

  test('ended because the followed user became protected leaves no trace either', () =>
    inWorld(everybody, async (world) => {
      const heard = hear(world, ann);
      await world.follow(bob, ann, true);
      await world.settle();
      await world.protect(ann);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), []);
      assert.deepEqual(heard, []);
    }));

  test('does not count as a follow for anybody’s audience but its follower’s', () =>
    inWorld(everybody, async (world) => {
      await world.notifications.changeSettings({ userId: ann, changes: { like: { audience: 'following' } } });
      const tweetId = await world.post(ann);
      await world.follow(bob, ann, true);
      await world.like(bob, tweetId);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), []);
    }));
});

describe('follow requests', () => {
  test('are told one by one, and are gone with their answer or withdrawal, at once', () =>
    inWorld(everybody, async (world) => {
      await world.protect(ann);
      for (const follower of [bob, cid, dan]) await world.follow(follower, ann);
      await world.settle();
      const lines = ['followRequest 4 (1)*', 'followRequest 3 (1)*', 'followRequest 2 (1)*'];
      assert.deepEqual(await world.headlines(ann), lines);
      await world.answer(ann, bob, true);
      await world.answer(ann, cid, false);
      await world.unfollow(dan, ann);
      assert.deepEqual(await world.headlines(ann), []);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['follow 2 (1)*'], 'the approved one follows now');
    }));

  test('become follows when the account becomes public', () =>
    inWorld(everybody, async (world) => {
      await world.protect(ann);
      await world.follow(bob, ann);
      await world.settle();
      await world.protect(ann, false);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['follow 2 (1)*']);
    }));

  test('of more users than fit on one page of requests are all there', () => {
    const followers = Array.from({ length: 130 }, (_, index) => index + 10);
    return inWorld([ann, ...followers], async (world) => {
      await world.protect(ann);
      for (const follower of followers) await world.follow(follower, ann);
      await world.settle();
      assert.equal(await world.unread(ann), followers.length);
    });
  });
});

describe('connected readers', () => {
  test('hear of what is added and of what goes, and may ask for it as the list shows it', () =>
    inWorld(everybody, async (world) => {
      const heard = hear(world, ann);
      const tweetId = await world.post(ann);
      await world.like(bob, tweetId);
      await world.settle();
      const [first] = heard;
      assert.ok(first?.type === 'notification' && first.id !== null);
      await world.like(cid, tweetId);
      await world.settle();
      const second = heard[1];
      assert.ok(second?.type === 'notification' && second.id !== null);
      const shown = await world.notifications.get({ userId: ann, id: first.id });
      const listed = await world.notifications.list({ userId: ann, before: null, limit: 20 });
      assert.deepEqual(shown.notification, listed.notifications[0]);
      assert.deepEqual(shown.users, listed.users);

      await world.unlike(bob, tweetId);
      assert.deepEqual(await world.notifications.get({ userId: ann, id: first.id }), {
        notification: null,
        users: [],
      });
      await world.settle();
      assert.deepEqual(heard.slice(2), [{ type: 'notification', id: null }]);
      assert.equal((await world.notifications.get({ userId: bob, id: second.id })).notification, null);
    }));

  test('hear nothing of those whom they mute or who are hidden from them', () =>
    inWorld(everybody, async (world) => {
      const tweetId = await world.post(ann);
      const heard = hear(world, ann);
      await world.like(bob, tweetId);
      await world.follow(cid, ann);
      await world.mute(ann, bob);
      await world.block(ann, cid);
      await world.protect(dan);
      await world.like(dan, tweetId);
      await world.settle();
      await world.unlike(bob, tweetId);
      await world.settle();
      assert.deepEqual(heard, []);
    }));

  test('hear once of what shows as one', () =>
    inWorld(everybody, async (world) => {
      const tweetId = await world.post(ann);
      const heard = hear(world, ann);
      for (const actor of [bob, cid, dan]) await world.like(actor, tweetId);
      const comment = await world.comment(bob, tweetId);
      await world.settle();
      const { notifications } = await world.notifications.list({ userId: ann, before: null, limit: 20 });
      assert.deepEqual(
        heard.map((event) => event.type === 'notification' && event.id).sort(),
        [notifications[1]!.id, comment].sort(),
      );
      await world.remove(ann, tweetId);
      await world.settle();
      assert.deepEqual(heard.slice(2), [{ type: 'notification', id: null }]);
    }));

  test('hear of each tweet of somebody whose bell is on all', () =>
    inWorld(everybody, async (world) => {
      await world.follow(ann, bob);
      await world.notifications.setBell({ userId: ann, other: bob, level: 'all' });
      const heard = hear(world, ann);
      const id = await world.post(bob);
      await world.settle();
      assert.deepEqual(heard, [{ type: 'notification', id }]);
    }));

  test('hear nothing of a rebuild', () =>
    inWorld(everybody, async (world) => {
      const tweetId = await world.post(ann);
      await world.like(bob, tweetId);
      await world.settle();
      const heard = hear(world, ann);
      await world.view.startRebuild();
      await world.settle();
      assert.deepEqual(heard, []);
      assert.deepEqual(await world.headlines(ann), ['like 2 (1)*']);
    }));
});
