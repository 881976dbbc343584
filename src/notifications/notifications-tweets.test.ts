import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isWarbleError, WarbleError } from '#domain/errors.ts';
import { createSeededRandom } from '#platform/random.ts';
import type { NotificationView } from './notifications.ts';
import { createMemoryNotificationsBackend } from './stores/memory.ts';
import { inWorld, type World } from './testing/notifications.ts';

const [ann, bob, cid, dan] = [1, 2, 3, 4] as const;
const everybody = [ann, bob, cid, dan];

async function list(world: World, userId: number): Promise<NotificationView[]> {
  return (await world.notifications.list({ userId, before: null, limit: 100 })).notifications;
}

describe('with the default bell', () => {
  test('new tweets of those followed are one group that counts one, and cost no notification', () =>
    inWorld(everybody, async (world) => {
      await world.follow(ann, bob);
      await world.follow(ann, cid, true);
      await world.post(bob);
      await world.post(cid);
      const newest = await world.post(bob);
      await world.post(dan);
      await world.settle();
      const notifications = await list(world, ann);
      assert.deepEqual(
        notifications.map(({ id, type, actors, actorCount, tweetId, read }) => ({
          id,
          type,
          actors,
          actorCount,
          tweetId,
          read,
        })),
        [{ id: newest, type: 'tweet', actors: [bob, cid], actorCount: 2, tweetId: newest, read: false }],
      );
      assert.equal(await world.unread(ann), 1);
      assert.deepEqual(await world.store.notifications({ recipient: ann }), []);
      const shown = await world.notifications.get({ userId: ann, id: newest });
      assert.deepEqual(shown.notification, notifications[0]);
    }));

  test('the group is gone once read, and a later tweet opens another', () =>
    inWorld(everybody, async (world) => {
      await world.follow(ann, bob);
      await world.post(bob);
      await world.readAll(ann);
      assert.deepEqual(await world.headlines(ann), []);
      assert.equal(await world.unread(ann), 0);
      await world.post(bob);
      assert.deepEqual(await world.headlines(ann), ['tweet 2 (1)*']);
      assert.equal(await world.unread(ann), 1);
    }));

  test('nobody is told of what was tweeted before they followed', () =>
    inWorld(everybody, async (world) => {
      await world.post(bob);
      await world.follow(ann, bob);
      assert.deepEqual(await world.headlines(ann), []);
      assert.equal(await world.unread(ann), 0);
    }));

  test('a deleted tweet, or one of somebody muted, blocked or unfollowed, is not in it', () =>
    inWorld(everybody, async (world) => {
      for (const followee of [bob, cid, dan]) await world.follow(ann, followee);
      const gone = await world.post(bob);
      await world.post(cid);
      await world.post(dan);
      assert.deepEqual(await world.headlines(ann), ['tweet 4,3,2 (3)*']);
      await world.remove(bob, gone);
      await world.mute(ann, cid);
      assert.deepEqual(await world.headlines(ann), ['tweet 4 (1)*']);
      await world.unfollow(ann, dan);
      assert.deepEqual(await world.headlines(ann), []);
      assert.equal(await world.unread(ann), 0);
    }));

  test('says so where no home can be held', () =>
    inWorld(
      everybody,
      async (world) => {
        await world.follow(bob, ann);
        await world.settle();
        const page = await world.notifications.list({ userId: ann, before: null, limit: 20 });
        assert.deepEqual([page.partial, page.notifications.map(({ type }) => type)], [true, ['follow']]);
      },
      { instead: { timeline: { newTweetsSince: async () => ({ activities: [], partial: true }) } } },
    ));

  test('a tweet that mentions its reader is a mention, and not told a second time', () =>
    inWorld(everybody, async (world) => {
      await world.follow(ann, bob);
      const mention = await world.post(bob, '@p1');
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['mention 2 (1)*']);
      assert.equal(await world.unread(ann), 1);
      await world.post(bob);
      assert.deepEqual(await world.headlines(ann), ['tweet 2 (1)*', 'mention 2 (1)*']);
      await world.remove(bob, mention);
      assert.deepEqual(await world.headlines(ann), ['tweet 2 (1)*']);
    }));

  test('there is none for those who want no tweets', () =>
    inWorld(everybody, async (world) => {
      await world.follow(ann, bob);
      await world.post(bob);
      await world.notifications.changeSettings({ userId: ann, changes: { tweet: { audience: 'nobody' } } });
      assert.deepEqual(await world.headlines(ann), []);
      assert.equal(await world.unread(ann), 0);
    }));

  test('with the timeline or engagement down the rest is shown, and the page says so', () => {
    const down = async () => {
      throw new WarbleError('unavailable', 'down');
    };
    const engagement = { active: down, scan: down };
    return inWorld(
      everybody,
      async (world) => {
        await world.follow(bob, ann);
        await world.post(bob, '@p1');
        const tweetId = await world.post(ann);
        await world.like(cid, tweetId);
        await world.settle();
        const page = await world.notifications.list({ userId: ann, before: null, limit: 20 });
        assert.deepEqual(
          page.notifications.map(({ type }) => type),
          ['mention', 'follow'],
        );
        assert.deepEqual([page.partial, page.unread], [true, 2]);
      },
      { instead: { timeline: { newTweetsSince: down }, engagement } },
    );
  });
});

describe('with the bell on all', () => {
  test('each new tweet is a notification of its own', () =>
    inWorld(everybody, async (world) => {
      await world.follow(ann, bob);
      await world.follow(ann, cid);
      await world.notifications.setBell({ userId: ann, other: bob, level: 'all' });
      await world.post(bob);
      await world.post(bob);
      await world.post(cid);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['tweet 3 (1)*', 'tweet 2 (1)*', 'tweet 2 (1)*']);
      assert.equal(await world.unread(ann), 3);
      await world.readAll(ann);
      assert.deepEqual(await world.headlines(ann), ['tweet 2 (1)', 'tweet 2 (1)']);
    }));

  test('it rings only while one follows, and a mention rings once', () =>
    inWorld(everybody, async (world) => {
      await world.notifications.setBell({ userId: ann, other: bob, level: 'all' });
      await world.post(bob);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), []);
      await world.follow(ann, bob);
      await world.post(bob, '@p1');
      await world.post(bob);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['tweet 2 (1)*', 'mention 2 (1)*']);
      await world.unfollow(ann, bob);
      assert.deepEqual(await world.headlines(ann), ['mention 2 (1)*']);
    }));

  test('a deleted tweet is taken back', () =>
    inWorld(everybody, async (world) => {
      await world.follow(ann, bob);
      await world.notifications.setBell({ userId: ann, other: bob, level: 'all' });
      const tweetId = await world.post(bob);
      await world.settle();
      await world.remove(bob, tweetId);
      assert.deepEqual(await world.headlines(ann), []);
    }));

  test('very many users are told in bounded pages, each once', () => {
    const listeners = Array.from({ length: 1_300 }, (_, index) => index + 10);
    return inWorld([bob, ...listeners], async (world) => {
      for (const userId of listeners) {
        await world.follow(userId, bob);
        await world.notifications.setBell({ userId, other: bob, level: 'all' });
      }
      const tweets = [await world.post(bob), await world.post(bob, 'and @p1309')];
      await world.view.worker.step();
      const jobs = await world.store.bellJobs({ limit: 10 });
      assert.deepEqual(
        jobs.map(({ tweetId }) => tweetId),
        tweets,
      );
      await world.settle();
      assert.deepEqual(await world.store.bellJobs({ limit: 10 }), []);
      for (const userId of listeners) {
        const notifications = await world.store.notifications({ recipient: userId });
        assert.deepEqual(
          notifications.map(({ id, type }) => [id, type]),
          [
            [tweets[1], userId === 1_309 ? 'mention' : 'tweet'],
            [tweets[0], 'tweet'],
          ],
        );
      }
    });
  });
});

test('a crash at any commit of a telling in pages tells nobody twice and leaves nobody out', () => {
  const listeners = Array.from({ length: 1_200 }, (_, index) => index + 10);
  const random = createSeededRandom(7);
  let crashing = false;
  let crashes = 0;
  const crash = () => {
    if (!crashing || random.integer(3) > 0) return;
    crashes++;
    throw new Error('crash');
  };
  const faults = { beforeCommit: crash, afterCommit: crash };
  const store = createMemoryNotificationsBackend().open(faults);
  return inWorld(
    [bob, ...listeners],
    async (world) => {
      for (const userId of listeners) {
        await world.follow(userId, bob);
        await store.setBell({ userId, other: bob, level: 'all', since: 0 });
      }
      await world.settle();
      crashing = true;
      const tweets = [await world.post(bob), await world.post(bob), await world.post(bob)].reverse();
      for (let step = 0; step < 30; step++) {
        for (const worker of world.workers) await worker.step().catch(() => {});
      }
      crashing = false;
      await world.settle();
      assert.ok(crashes >= 4, `only ${crashes} crashes happened`);
      for (const userId of listeners) {
        const notifications = await store.notifications({ recipient: userId });
        assert.deepEqual(
          notifications.map(({ id }) => id),
          tweets,
        );
      }
    },
    { store },
  );
});

describe('the bell', () => {
  test('off silences one user’s tweets, and nothing else of theirs', () =>
    inWorld(everybody, async (world) => {
      await world.follow(ann, bob);
      await world.notifications.setBell({ userId: ann, other: bob, level: 'off' });
      await world.post(bob);
      await world.post(bob, '@p1');
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['mention 2 (1)*']);
    }));

  test('is default where it is not set, and outlives an unfollow', () =>
    inWorld(everybody, async ({ notifications, follow, unfollow }) => {
      await follow(ann, bob);
      await notifications.setBell({ userId: ann, other: bob, level: 'all' });
      await unfollow(ann, bob);
      assert.deepEqual(await notifications.bells({ userId: ann, others: [bob, cid] }), [
        { userId: bob, level: 'all' },
        { userId: cid, level: 'default' },
      ]);
      await notifications.setBell({ userId: ann, other: bob, level: 'default' });
      assert.deepEqual(await notifications.bells({ userId: ann, others: [bob] }), [
        { userId: bob, level: 'default' },
      ]);
    }));

  test('cannot be set on somebody hidden, unknown, or oneself', () =>
    inWorld(everybody, async (world) => {
      await world.block(bob, ann);
      for (const other of [bob, 99]) {
        await assert.rejects(
          world.notifications.setBell({ userId: ann, other, level: 'all' }),
          (error: unknown) => isWarbleError(error, 'not_found'),
        );
      }
      await assert.rejects(
        world.notifications.setBell({ userId: ann, other: ann, level: 'all' }),
        (error: unknown) => isWarbleError(error, 'invalid_request'),
      );
    }));
});
