import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WarbleError } from '#domain/errors.ts';
import type { AccountNotices } from './notifications.ts';
import { inWorld } from './testing/notifications.ts';

const [ann, bob] = [1, 2] as const;

test('what happened to one’s account is told to nobody else, each by itself, until it is marked', () =>
  inWorld([ann, bob], async (world) => {
    await world.notice(ann, 'signIn');
    const second = await world.notice(ann, 'signIn');
    const tweetId = await world.post(ann);
    await world.like(bob, tweetId);
    await world.notice(ann, 'passwordChanged');
    await world.settle();
    const all = ['passwordChanged  (0)*', 'like 2 (1)*', 'signIn  (0)*', 'signIn  (0)*'];
    assert.deepEqual(await world.headlines(ann), all);
    assert.equal(await world.unread(ann), 4);
    assert.deepEqual(await world.headlines(bob), []);
    assert.equal(await world.unread(bob), 0);
    const { unread } = await world.notifications.markRead({ userId: ann, upTo: second });
    assert.equal(unread, 2);
    assert.deepEqual(await world.headlines(ann), [...all.slice(0, 2), 'signIn  (0)', 'signIn  (0)']);
  }));

test('a marker beyond now covers what is there and nothing that comes later', () =>
  inWorld([ann], async (world) => {
    await world.notice(ann, 'signIn');
    await world.notifications.markRead({ userId: ann, upTo: Number.MAX_SAFE_INTEGER });
    assert.equal(await world.unread(ann), 0);
    await world.notice(ann, 'passwordChanged');
    assert.deepEqual(await world.headlines(ann), ['passwordChanged  (0)*', 'signIn  (0)']);
  }));

test('one of them is shown by its id, to its owner alone', () =>
  inWorld([ann, bob], async (world) => {
    const id = await world.notice(ann, 'signIn');
    const { notification } = await world.notifications.get({ userId: ann, id });
    assert.deepEqual([notification?.type, notification?.read], ['signIn', false]);
    assert.equal((await world.notifications.get({ userId: bob, id })).notification, null);
  }));

test('while accounts do not answer the others are told, and the page says that it lacks some', () => {
  const accounts: AccountNotices = {
    async notices() {
      throw new WarbleError('unavailable', 'down');
    },
  };
  return inWorld(
    [ann, bob],
    async (world) => {
      await world.like(bob, await world.post(ann));
      await world.settle();
      const page = await world.notifications.list({ userId: ann, before: null, limit: 10 });
      assert.deepEqual([page.notifications.length, page.unread, page.partial], [1, 1, true]);
      const upTo = page.notifications[0]!.id;
      assert.deepEqual(await world.notifications.markRead({ userId: ann, upTo }), { unread: 0 });
    },
    { instead: { accounts } },
  );
});
