import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_READ_MARKER, type NotificationsStore, STORE_LIMITS } from '../notifications-store.ts';
import type { WithHandles } from '../testing/store-kit.ts';

const [ann, bob, cid] = [1, 2, 3] as const;

export function describeFacts(withHandles: WithHandles): void {
  describe('settings', () => {
    test('merge, by field, and are seen through every handle', () =>
      withHandles(async (one, two) => {
        assert.deepEqual(await one.settings({ userIds: [ann] }), []);
        await one.mergeSettings({ userId: ann, changes: { like: { audience: 'nobody' } } });
        const merged = await two.mergeSettings({
          userId: ann,
          changes: { like: { channels: { inApp: false } }, mention: { audience: 'following' } },
        });
        const changes = {
          like: { audience: 'nobody', channels: { inApp: false } },
          mention: { audience: 'following' },
        };
        assert.deepEqual(merged, changes);
        assert.deepEqual(await one.settings({ userIds: [bob, ann] }), [{ userId: ann, changes }]);
        const back = await one.mergeSettings({
          userId: ann,
          changes: { like: { channels: { inApp: true } }, follow: {} },
        });
        assert.deepEqual(back, { ...changes, like: { audience: 'nobody', channels: { inApp: true } } });
      }));

    test('changed by two at once keep both changes', () =>
      withHandles(async (one, two) => {
        await Promise.all([
          one.mergeSettings({ userId: ann, changes: { like: { audience: 'nobody' } } }),
          two.mergeSettings({ userId: ann, changes: { like: { channels: { inApp: false } } } }),
        ]);
        const [row] = await one.settings({ userIds: [ann] });
        assert.deepEqual(row?.changes, { like: { audience: 'nobody', channels: { inApp: false } } });
      }));
  });

  describe('bells', () => {
    test('are one user’s for another, and gone at the default', () =>
      withHandles(async (one, two) => {
        assert.equal(await one.setBell({ userId: ann, other: bob, level: 'all', since: 5 }), true);
        assert.equal(await two.setBell({ userId: ann, other: cid, level: 'off', since: 6 }), true);
        const bells = await one.bells({ userId: ann, others: [cid, bob, 9] });
        assert.deepEqual(
          bells.sort((a, b) => a.userId - b.userId),
          [
            { userId: bob, level: 'all' },
            { userId: cid, level: 'off' },
          ],
        );
        assert.deepEqual(await one.bells({ userId: bob, others: [ann] }), []);
        await two.setBell({ userId: ann, other: bob, level: 'default', since: 7 });
        assert.deepEqual(await one.bells({ userId: ann, others: [bob] }), []);
        assert.deepEqual(await one.bellSubscribers({ author: bob, after: 0, limit: 10 }), {
          subscribers: [],
          next: null,
        });
      }));

    test('on all are listed by author in pages, with the moment they were set', () =>
      withHandles(async (one, two) => {
        for (const userId of [14, 11, 13, 12]) {
          await one.setBell({ userId, other: ann, level: 'all', since: userId * 10 });
        }
        await one.setBell({ userId: 15, other: ann, level: 'off', since: 1 });
        await one.setBell({ userId: 16, other: bob, level: 'all', since: 1 });
        await two.setBell({ userId: 12, other: ann, level: 'all', since: 999 });
        const first = await two.bellSubscribers({ author: ann, after: 0, limit: 3 });
        assert.deepEqual(first, {
          subscribers: [
            { userId: 11, since: 110 },
            { userId: 12, since: 120 },
            { userId: 13, since: 130 },
          ],
          next: 13,
        });
        assert.deepEqual(await two.bellSubscribers({ author: ann, after: 13, limit: 1 }), {
          subscribers: [{ userId: 14, since: 140 }],
          next: null,
        });
      }));

    test('are refused beyond the bound; those there are may still change', () =>
      withHandles(async (one) => {
        const others = Array.from({ length: STORE_LIMITS.bells }, (_, index) => index + 10);
        await Promise.all(others.map((other) => one.setBell({ userId: ann, other, level: 'off', since: 1 })));
        assert.equal(await one.setBell({ userId: ann, other: bob, level: 'all', since: 2 }), false);
        assert.deepEqual(await one.bells({ userId: ann, others: [bob] }), []);
        assert.equal(await one.setBell({ userId: ann, other: 10, level: 'all', since: 2 }), true);
        assert.equal(await one.setBell({ userId: ann, other: 11, level: 'default', since: 2 }), true);
        assert.equal(await one.setBell({ userId: ann, other: bob, level: 'all', since: 2 }), true);
      }));
  });

  describe('muted threads', () => {
    test('are one user’s own; muting and unmuting again change nothing', () =>
      withHandles(async (one, two) => {
        for (const store of [one, two]) await store.muteThread({ userId: ann, tweetId: 50 });
        const pairs = [
          { userId: ann, tweetId: 50 },
          { userId: ann, tweetId: 51 },
          { userId: bob, tweetId: 50 },
        ];
        assert.deepEqual(await two.mutedThreads({ pairs }), [{ userId: ann, tweetId: 50 }]);
        for (const store of [two, one]) await store.unmuteThread({ userId: ann, tweetId: 50 });
        assert.deepEqual(await one.mutedThreads({ pairs }), []);
      }));

    test('beyond the bound forget the oldest tweets', () =>
      withHandles(async (one) => {
        const tweetIds = Array.from({ length: STORE_LIMITS.mutedThreads + 2 }, (_, index) => index + 1);
        await Promise.all(tweetIds.map((tweetId) => one.muteThread({ userId: ann, tweetId })));
        const pairs = [1, 2, 3, 4].map((tweetId) => ({ userId: ann, tweetId }));
        assert.deepEqual(await one.mutedThreads({ pairs }), pairs.slice(2));
      }));
  });

  describe('read markers', () => {
    const markersOf = async (store: NotificationsStore, atLeast = 0) =>
      (await store.readMarkers({ userId: ann, atLeast })).map(({ number, upTo, arrival, highest }) => [
        number,
        upTo,
        arrival,
        highest,
      ]);

    test('are kept in the order in which they were set', () =>
      withHandles(async (one, two) => {
        assert.deepEqual(await one.readMarker({ userId: ann }), NO_READ_MARKER);
        await one.addReadMarker({ userId: ann, upTo: 10, arrival: 1 });
        await two.addReadMarker({ userId: ann, upTo: 30, arrival: 1 });
        await one.addReadMarker({ userId: ann, upTo: 20, arrival: 4 });
        const last = { number: 3, upTo: 20, arrival: 4, highest: 30 };
        assert.deepEqual(await two.readMarker({ userId: ann }), last);
        const all = [
          [1, 10, 1, 10],
          [2, 30, 1, 30],
          [3, 20, 4, 30],
        ];
        assert.deepEqual(await markersOf(one), all);
        assert.deepEqual(await markersOf(two, 10), all);
        assert.deepEqual(await markersOf(two, 11), all.slice(1));
        assert.deepEqual(await one.readMarker({ userId: bob }), NO_READ_MARKER);
      }));

    test('beyond the bound the oldest joins the next: what was read stays read', () =>
      withHandles(async (one) => {
        const add = (upTo: number, arrival: number) => one.addReadMarker({ userId: ann, upTo, arrival });
        void add(5_000, 1);
        for (let marker = 2; marker <= STORE_LIMITS.readMarkers; marker++) void add(marker, marker);
        await add(3_000, 2_000);
        await add(3_001, 2_001);
        const markers = await markersOf(one);
        assert.deepEqual([markers.length, markers[0]], [STORE_LIMITS.readMarkers, [3, 5_000, 3, 5_000]]);
        assert.deepEqual(markers.at(-1), [STORE_LIMITS.readMarkers + 2, 3_001, 2_001, 5_000]);
      }));

    test('set by two at once are both there', () =>
      withHandles(async (one, two) => {
        await Promise.all([
          one.addReadMarker({ userId: ann, upTo: 5, arrival: 1 }),
          two.addReadMarker({ userId: ann, upTo: 9, arrival: 1 }),
        ]);
        const upTos = (await one.readMarkers({ userId: ann, atLeast: 0 })).map(({ upTo }) => upTo);
        assert.deepEqual(upTos.sort(), [5, 9]);
        assert.equal((await two.readMarker({ userId: ann })).highest, 9);
      }));
  });
}
