import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NotificationsSnapshot, NotificationView } from './notifications.ts';
import { STORE_LIMITS } from './notifications-store.ts';
import { headline, inWorld, notify, type World } from './testing/notifications.ts';

const ann = 1;
const others = [2, 3, 4, 5, 6, 7];
const [bob, cid, dan] = [2, 3, 4] as const;

/** Pages through somebody's list; `between` happens after each page. */
async function readAll(
  world: World,
  { limit, between }: { limit: number; between?: (page: number) => Promise<void> },
): Promise<NotificationView[]> {
  const notifications: NotificationView[] = [];
  let before: number | null = null;
  let snapshot: NotificationsSnapshot | null = null;
  for (let page = 1; ; page++) {
    const answer: Awaited<ReturnType<World['notifications']['list']>> = await world.notifications.list({
      userId: ann,
      before,
      limit,
      snapshot,
    });
    notifications.push(...answer.notifications);
    if (answer.next === null) return notifications;
    assert.equal(answer.notifications.length, limit, 'pages are full');
    ({ next: before, snapshot } = answer);
    await between?.(page);
  }
}

describe('paging', () => {
  test('in pages of any size shows what one page shows', () =>
    inWorld([ann, ...others], async (world) => {
      await world.follow(ann, bob);
      for (let round = 0; round < 4; round++) {
        const tweetId = await world.post(ann);
        for (const actor of others) {
          await world.like(actor, tweetId);
          await world.comment(actor, tweetId, actor === dan ? '@p1' : 'well');
          if (actor % 2 === 0) await world.repost(actor, tweetId);
        }
        await world.post(bob);
        await world.settle();
        if (round === 1) await world.readAll(ann);
      }
      await world.mute(ann, dan);
      const { notifications } = await world.notifications.list({ userId: ann, before: null, limit: 100 });
      assert.ok(notifications.length > 20);
      assert.equal(notifications.filter(({ type }) => type === 'tweet').length, 1);
      for (const limit of [1, 2, 3, 7, 20]) {
        assert.deepEqual(await readAll(world, { limit }), notifications, `pages of ${limit}`);
      }
    }));

  test('neither skips nor repeats a group that grows meanwhile, and leaves what is new to a fresh first page', () =>
    inWorld([ann, ...others], async (world) => {
      const tweets = [await world.post(ann), await world.post(ann), await world.post(ann)];
      for (const tweetId of tweets) await world.like(bob, tweetId);
      await world.settle();
      const scanned = await world.headlines(ann);
      const seen = await readAll(world, {
        limit: 1,
        async between(page) {
          if (page > 1) return;
          for (const tweetId of tweets) await world.like(cid, tweetId);
          await world.settle();
        },
      });
      assert.deepEqual(seen.map(headline), scanned);
      assert.deepEqual(await world.headlines(ann), Array(3).fill('like 3,2 (2)*'));
    }));

  test('is not harmed by an act from before it that is folded during it', () =>
    inWorld([ann, ...others], async (world) => {
      const first = await world.post(ann);
      await world.like(bob, first);
      await world.settle();
      await world.like(cid, first);
      // The mention is folded before the older like: it comes through another partition of the log.
      await world.post(dan, '@p1');
      await world.tick();
      const notification = {
        recipient: ann,
        type: 'mention',
        tweetId: await world.post(dan),
        commentId: null,
      } as const;
      await notify(world, { ...notification, id: notification.tweetId, actor: dan });
      const seen = await readAll(world, { limit: 1, between: () => world.settle() });
      assert.deepEqual(seen.map(headline), ['mention 4 (1)*', 'like 2 (1)*']);
    }));

  test('keeps the group of new tweets in its place, whatever is tweeted meanwhile', () =>
    inWorld([ann, ...others], async (world) => {
      await world.follow(ann, bob);
      const tweetId = await world.post(ann);
      const early = await world.post(bob);
      await world.like(cid, tweetId);
      await world.comment(cid, tweetId);
      await world.settle();
      const seen = await readAll(world, { limit: 1, between: async () => void (await world.post(bob)) });
      assert.deepEqual(
        seen.map(({ type, id }) => (type === 'tweet' ? id : type)),
        ['comment', 'like', early],
      );
    }));

  test('is not cut by a marker that is set meanwhile; what that covers counts as read', () =>
    inWorld([ann, ...others], async (world) => {
      await world.follow(ann, dan);
      const tweetId = await world.post(ann);
      await world.like(bob, tweetId);
      await world.post(dan);
      const upTo = await world.comment(bob, tweetId);
      await world.like(cid, tweetId);
      await world.settle();
      const seen = await readAll(world, {
        limit: 1,
        between: async () => void (await world.notifications.markRead({ userId: ann, upTo })),
      });
      assert.deepEqual(seen.map(headline), ['like 3,2 (2)*', 'comment 2 (1)', 'tweet 4 (1)']);
      assert.deepEqual(await world.headlines(ann), ['like 3 (1)*', 'comment 2 (1)', 'like 2 (1)']);
    }));

  test('without its snapshot a later page is cut from the groups as they stand', () =>
    inWorld([ann, ...others], async (world) => {
      const tweetId = await world.post(ann);
      await world.comment(bob, tweetId);
      await world.comment(cid, tweetId);
      await world.settle();
      const first = await world.notifications.list({ userId: ann, before: null, limit: 1 });
      const second = await world.notifications.list({ userId: ann, before: first.next, limit: 1 });
      assert.deepEqual(second.notifications.map(headline), ['comment 2 (1)*']);
    }));
});

describe('the bound', () => {
  test('keeps the newest thousand, and counts exactly within them', () =>
    inWorld([ann, bob], async (world) => {
      const tweetId = await world.post(ann);
      for (let i = 0; i < STORE_LIMITS.notifications + 5; i++)
        await world.comment(bob, tweetId, `number ${i}`);
      await world.like(bob, tweetId);
      await world.settle();
      assert.equal(await world.unread(ann), STORE_LIMITS.notifications);
      const seen = await readAll(world, { limit: 100 });
      assert.equal(seen.length, STORE_LIMITS.notifications);
      assert.equal(seen[0]!.type, 'like');
    }));
});
