import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isWarbleError } from '#domain/errors.ts';
import { snowflakeTime } from '#domain/ids.ts';
import { NOTIFICATION_TYPES } from '#domain/names.ts';
import { NO_READ_MARKER } from './notifications-store.ts';
import { inWorld } from './testing/notifications.ts';

const [ann, bob, cid, dan] = [1, 2, 3, 4] as const;
const everybody = [ann, bob, cid, dan];
const notFound = (error: unknown) => isWarbleError(error, 'not_found');

describe('somebody is told', () => {
  test('of a like, a repost, a comment and a mention, newest first, with everything that an answer needs', () =>
    inWorld(everybody, async (world) => {
      const tweetId = await world.post(ann);
      await world.like(bob, tweetId);
      await world.repost(cid, tweetId);
      const commentId = await world.comment(dan, tweetId);
      const mention = await world.post(bob, 'ask @p1 about it');
      await world.settle();

      const page = await world.notifications.list({ userId: ann, before: null, limit: 20 });
      assert.deepEqual(
        page.notifications.map((notification) => [
          notification.type,
          notification.actors,
          notification.tweetId,
          notification.commentId,
          notification.read,
        ]),
        [
          ['mention', [bob], mention, null, false],
          ['comment', [dan], tweetId, commentId, false],
          ['repost', [cid], tweetId, null, false],
          ['like', [bob], tweetId, null, false],
        ],
      );
      assert.equal(page.notifications[0]!.id, mention);
      assert.equal(page.notifications[0]!.time, snowflakeTime(mention));
      assert.equal(page.notifications[1]!.id, commentId);
      assert.deepEqual(page.users.map(({ userId, handle }) => [userId, handle]).sort(), [
        [bob, 'p2'],
        [cid, 'p3'],
        [dan, 'p4'],
      ]);
      assert.equal(page.unread, 4);
      assert.deepEqual([page.next, page.partial], [null, false]);
    }));

  test('never of their own acts', () =>
    inWorld(everybody, async (world) => {
      const tweetId = await world.post(ann, 'me, @p1');
      await world.like(ann, tweetId);
      await world.repost(ann, tweetId);
      await world.comment(ann, tweetId, 'still me, @p1');
      await world.settle();
      assert.deepEqual(await world.headlines(ann), []);
    }));

  test('once of a comment on their tweet that mentions them too, and others of their mention in it', () =>
    inWorld(everybody, async (world) => {
      const tweetId = await world.post(ann);
      const commentId = await world.comment(bob, tweetId, '@p1 @p3 @p3 look');
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['comment 2 (1)*']);
      const { notifications } = await world.notifications.list({ userId: cid, before: null, limit: 20 });
      assert.deepEqual(
        notifications.map(({ type, tweetId: root, commentId: comment }) => [type, root, comment]),
        [['mention', tweetId, commentId]],
      );
    }));
});

describe('what is taken back is gone at once, before any event of it is folded', () => {
  test('a like, a repost, a comment, a mention', () =>
    inWorld(everybody, async (world) => {
      const tweetId = await world.post(ann);
      await world.like(bob, tweetId);
      await world.repost(bob, tweetId);
      const commentId = await world.comment(bob, tweetId, 'hey @p3');
      const mention = await world.post(bob, '@p1');
      await world.settle();
      assert.equal(await world.unread(ann), 4);
      assert.equal(await world.unread(cid), 1);

      await world.unlike(bob, tweetId);
      await world.unrepost(bob, tweetId);
      await world.removeComment(ann, tweetId, commentId);
      await world.remove(bob, mention);
      assert.deepEqual(await world.headlines(ann), []);
      assert.deepEqual([await world.unread(ann), await world.unread(cid)], [0, 0]);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), []);
      const kept = await world.store.notifications({ recipient: ann });
      assert.deepEqual(
        kept.map(({ id }) => id),
        [mention],
      );
    }));

  test('everything about a deleted tweet', () =>
    inWorld(everybody, async (world) => {
      const tweetId = await world.post(ann, 'with @p3');
      await world.like(bob, tweetId);
      await world.comment(bob, tweetId, '@p4');
      await world.settle();
      await world.remove(ann, tweetId);
      for (const user of [ann, cid, dan]) {
        assert.deepEqual(await world.headlines(user), []);
        assert.equal(await world.unread(user), 0);
      }
      await world.settle();
      assert.deepEqual(await world.store.notifications({ recipient: ann }), []);
    }));

  test('one of several likes: the others stay, under the newest that stands', () =>
    inWorld(everybody, async (world) => {
      const tweetId = await world.post(ann);
      for (const actor of [bob, cid, dan]) await world.like(actor, tweetId);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['like 4,3,2 (3)*']);
      await world.unlike(dan, tweetId);
      assert.deepEqual(await world.headlines(ann), ['like 3,2 (2)*']);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['like 3,2 (2)*']);
    }));

  test('a like that is done again counts once, where it was done last', () =>
    inWorld(everybody, async (world) => {
      const tweetId = await world.post(ann);
      await world.like(bob, tweetId);
      await world.like(cid, tweetId);
      await world.unlike(bob, tweetId);
      await world.like(bob, tweetId);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['like 2,3 (2)*']);
    }));
});

describe('nobody is shown', () => {
  test('anything of those whom they mute or block, or who block them, at once; it comes back with an end to that', () =>
    inWorld(everybody, async (world) => {
      const tweetId = await world.post(ann);
      for (const actor of [bob, cid, dan]) await world.like(actor, tweetId);
      await world.post(bob, '@p1');
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['mention 2 (1)*', 'like 4,3,2 (3)*']);
      await world.mute(ann, bob);
      await world.block(cid, ann);
      await world.block(ann, dan);
      assert.deepEqual(await world.headlines(ann), []);
      assert.equal(await world.unread(ann), 0);
      await world.unmute(ann, bob);
      await world.unblock(cid, ann);
      assert.deepEqual(await world.headlines(ann), ['mention 2 (1)*', 'like 3,2 (2)*']);
    }));

  test('what protected users whom they do not follow write or do', () =>
    inWorld(everybody, async (world) => {
      await world.protect(bob);
      const tweetId = await world.post(ann);
      await world.post(bob, 'of @p1');
      await world.like(bob, tweetId);
      await world.repost(bob, tweetId);
      await world.comment(bob, tweetId);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), []);
      await world.follow(ann, bob);
      await world.answer(bob, ann, true);
      assert.equal((await world.headlines(ann)).length, 4);
    }));

  test('a mention in the thread of somebody whom they may not read', () =>
    inWorld(everybody, async (world) => {
      const tweetId = await world.post(bob);
      await world.comment(cid, tweetId, 'psst @p1');
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['mention 3 (1)*']);
      await world.protect(bob);
      assert.deepEqual(await world.headlines(ann), []);
    }));

  test('anything of accounts that are no longer active', () =>
    inWorld(everybody, async (world) => {
      const tweetId = await world.post(ann);
      await world.like(bob, tweetId);
      await world.settle();
      await world.social.setAccount({ userId: bob, state: 'suspended' });
      assert.deepEqual(await world.headlines(ann), []);
    }));
});

describe('users decide what they are told', () => {
  test('every type is on for everyone until they say otherwise, and changes merge', () =>
    inWorld(everybody, async ({ notifications }) => {
      const on = { audience: 'everyone', channels: { inApp: true } };
      const before = await notifications.settings({ userId: ann });
      assert.deepEqual(before.like, on);
      assert.deepEqual(Object.keys(before).sort(), [...NOTIFICATION_TYPES].sort());
      await notifications.changeSettings({ userId: ann, changes: { like: { audience: 'following' } } });
      const after = await notifications.changeSettings({
        userId: ann,
        changes: { like: { channels: { inApp: false } }, follow: { audience: 'nobody' } },
      });
      assert.deepEqual(after.like, { audience: 'following', channels: { inApp: false } });
      assert.deepEqual(after.follow, { audience: 'nobody', channels: { inApp: true } });
      assert.deepEqual(await notifications.settings({ userId: ann }), after);
      assert.deepEqual((await notifications.settings({ userId: bob })).like, on);
    }));

  test('by audience and channel, for what happens from then on', () =>
    inWorld(everybody, async (world) => {
      const tweetId = await world.post(ann);
      await world.like(dan, tweetId);
      await world.settle();
      await world.notifications.changeSettings({
        userId: ann,
        changes: {
          like: { audience: 'following' },
          repost: { audience: 'nobody' },
          mention: { channels: { inApp: false } },
        },
      });
      await world.follow(ann, bob, true);
      await world.like(bob, tweetId);
      await world.like(cid, tweetId);
      await world.repost(bob, tweetId);
      await world.post(bob, '@p1');
      await world.settle();
      assert.deepEqual(
        (await world.headlines(ann)).filter((line) => !line.startsWith('tweet')),
        ['like 2,4 (2)*'],
        'the like from before stays, of the later ones only that of somebody followed',
      );
    }));

  test('a mention in a comment on their tweet stands in where comments are off', () =>
    inWorld(everybody, async (world) => {
      await world.notifications.changeSettings({ userId: ann, changes: { comment: { audience: 'nobody' } } });
      const tweetId = await world.post(ann);
      await world.comment(bob, tweetId, 'plain');
      await world.comment(bob, tweetId, '@p1');
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['mention 2 (1)*']);
    }));

  test('by thread: nothing more from one that is muted, until it is not', () =>
    inWorld(everybody, async (world) => {
      const [quiet, loud] = [await world.post(ann), await world.post(ann)];
      await world.notifications.muteThread({ userId: ann, tweetId: quiet });
      for (const tweetId of [quiet, loud]) await world.like(bob, tweetId);
      await world.comment(bob, quiet, 'for @p1 and @p3');
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['like 2 (1)*']);
      assert.deepEqual(await world.headlines(cid), ['mention 2 (1)*'], 'the mute is one user’s own');
      await world.notifications.unmuteThread({ userId: ann, tweetId: quiet });
      await world.comment(bob, quiet);
      await world.settle();
      assert.deepEqual(await world.headlines(ann), ['comment 2 (1)*', 'like 2 (1)*']);
    }));

  test('a thread that one may not read, a comment, or nothing at all cannot be muted; unmuting always works', () =>
    inWorld(everybody, async (world) => {
      const { notifications } = world;
      const tweetId = await world.post(bob);
      const commentId = await world.comment(bob, tweetId);
      await world.protect(bob);
      for (const id of [tweetId, commentId, 12_345]) {
        await assert.rejects(notifications.muteThread({ userId: ann, tweetId: id }), notFound);
        await notifications.unmuteThread({ userId: ann, tweetId: id });
      }
      await notifications.muteThread({ userId: bob, tweetId });
    }));
});

describe('erasing somebody', () => {
  test('forgets their settings, bells, mutes, markers and notifications, and those they caused', () =>
    inWorld(everybody, async (world) => {
      const { notifications, store } = world;
      const [hers, his] = [await world.post(ann), await world.post(bob)];
      await world.like(bob, hers);
      await world.like(ann, his);
      await world.settle();
      await notifications.changeSettings({ userId: ann, changes: { like: { audience: 'nobody' } } });
      await notifications.setBell({ userId: ann, other: bob, level: 'all' });
      await notifications.setBell({ userId: bob, other: ann, level: 'off' });
      await notifications.muteThread({ userId: ann, tweetId: hers });
      await world.readAll(ann);
      let steps = 1;
      while (!(await notifications.eraseUser({ userId: ann, limit: 2 })).done) steps++;
      assert.ok(steps > 2, 'in bounded steps');
      assert.deepEqual(await store.notifications({ recipient: ann }), []);
      assert.deepEqual(await store.notifications({ recipient: bob }), []);
      assert.deepEqual(await store.settings({ userIds: [ann] }), []);
      assert.deepEqual(await store.bells({ userId: bob, others: [ann] }), []);
      assert.deepEqual(await store.bells({ userId: ann, others: [bob] }), []);
      assert.deepEqual(await store.mutedThreads({ pairs: [{ userId: ann, tweetId: hers }] }), []);
      assert.deepEqual(await store.readMarker({ userId: ann }), NO_READ_MARKER);
    }));
});
