import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Positions } from '#queue/view.ts';
import {
  type BellJob,
  NO_READ_MARKER,
  type Notification,
  type NotificationChange,
  type NotificationsStore,
  STORE_LIMITS,
} from '../notifications-store.ts';
import type { WithHandles } from '../testing/store-kit.ts';

const [ann, bob, cid] = [1, 2, 3] as const;
const PARTITION = 4;

const like = (id: number, recipient: number, actor: number, tweetId = 7): Notification => ({
  recipient,
  id,
  type: 'like',
  tweetId,
  commentId: null,
  actor,
});
const follow = (
  id: number,
  recipient: number,
  actor: number,
  type: 'follow' | 'followRequest' = 'follow',
) => ({
  ...like(id, recipient, actor),
  type,
  tweetId: null,
});
const add = (notification: Notification): NotificationChange => ({ change: 'add', notification });

/** Commits changes to a partition's live generation, as its owner. */
async function commit(
  store: NotificationsStore,
  changes: NotificationChange[],
  { partition = PARTITION, bellJobs = [] as BellJob[] } = {},
) {
  const { epoch, live } = await store.views.claim(partition);
  const { generation, positions } = live;
  const tweets = (positions.tweets ?? 0) + 1;
  const patch = { changes, bellJobs, scanned: false };
  const next = { ...positions, tweets };
  assert.ok(await store.views.commit({ partition, epoch, generation, expected: positions, next, patch }));
}

/** Builds the next generation of a partition out of `found`, and lets it take over. */
async function rebuild(
  store: NotificationsStore,
  found: Notification[],
  beforeSwap?: () => Promise<void>,
  positions: Positions = {},
) {
  const partition = PARTITION;
  const { epoch } = await store.views.claim(partition);
  await store.views.beginRebuild({ partition, epoch, positions });
  const { generation } = (await store.views.load(partition)).building!;
  const patch = { changes: found.map(add), bellJobs: [], scanned: true };
  const scan = { partition, epoch, generation, patch, expectedCursor: '', cursor: null };
  assert.ok(await store.views.commitScan(scan));
  await beforeSwap?.();
  const owner = await store.views.claim(partition);
  assert.ok(await store.views.swap({ partition, epoch: owner.epoch, generation }));
}

async function idsOf(store: NotificationsStore, recipient: number): Promise<number[]> {
  return (await store.notifications({ recipient })).map(({ id }) => id);
}

export function describeNotifications(withHandles: WithHandles): void {
  describe('notifications', () => {
    test('come newest first, whole, from every partition, to their recipient only', () =>
      withHandles(async (one, two) => {
        await commit(one, [add(like(20, ann, bob)), add(like(10, ann, cid)), add(like(11, bob, cid))]);
        const mention: Notification = { ...like(15, ann, bob), type: 'mention', commentId: 15 };
        await commit(two, [add(mention)], { partition: 9 });
        const notifications = await two.notifications({ recipient: ann });
        assert.deepEqual(
          notifications.map(({ arrival: _, suppressed: __, ...notification }) => notification),
          [like(20, ann, bob), mention, like(10, ann, cid)],
        );
        assert.deepEqual(await idsOf(one, bob), [11]);
      }));

    test('are added once: the first told stays', () =>
      withHandles(async (one, two) => {
        await commit(one, [add({ ...like(10, ann, bob), type: 'mention' })]);
        const [before] = await one.notifications({ recipient: ann });
        await commit(two, [add({ ...like(10, ann, bob), type: 'tweet' })]);
        assert.deepEqual(await one.notifications({ recipient: ann }), [before]);
      }));

    test('change in the order of a patch', () =>
      withHandles(async (one) => {
        const remove = (id: number): NotificationChange => ({ change: 'remove', recipient: ann, id });
        await commit(one, [add(like(10, ann, bob)), remove(10), remove(11), add(like(11, ann, bob))]);
        assert.deepEqual(await idsOf(one, ann), [11]);
      }));

    test('of a tweet go together, for that recipient', () =>
      withHandles(async (one) => {
        await commit(one, [
          add(like(10, ann, bob, 7)),
          add(like(11, ann, bob, 8)),
          add(like(12, cid, bob, 7)),
        ]);
        await commit(one, [{ change: 'removeTweet', recipient: ann, tweetId: 7 }]);
        assert.deepEqual([await idsOf(one, ann), await idsOf(one, cid)], [[11], [12]]);
      }));

    test('of follows: at most one per actor, the one that stands', () =>
      withHandles(async (one, two) => {
        const settle = (actor: number, notification: Notification | null): NotificationChange => ({
          change: 'replaceFollow',
          recipient: ann,
          actor,
          notification,
        });
        await commit(one, [settle(bob, follow(10, ann, bob, 'followRequest')), add(like(11, ann, bob))]);
        await commit(one, [settle(cid, follow(12, ann, cid))]);
        await commit(two, [settle(bob, follow(13, ann, bob))]);
        assert.deepEqual(await idsOf(one, ann), [13, 12, 11]);
        const before = await one.notifications({ recipient: ann });
        await commit(one, [settle(bob, follow(13, ann, bob))]);
        assert.deepEqual(await one.notifications({ recipient: ann }), before, 'again changes nothing');
        await commit(one, [settle(bob, null)]);
        assert.deepEqual(await idsOf(one, ann), [12, 11]);
      }));

    test('carry an arrival that grows from commit to commit that adds', () =>
      withHandles(async (one, two) => {
        const start = await one.arrival({ recipient: ann });
        await commit(one, [add(like(10, ann, bob)), add(like(11, cid, bob)), add(like(12, ann, cid))]);
        const first = await two.arrival({ recipient: ann });
        assert.ok(first > start);
        await commit(two, [{ change: 'remove', recipient: ann, id: 12 }]);
        assert.equal(await one.arrival({ recipient: ann }), first);
        await commit(two, [add(like(5, ann, bob))], { partition: 9 });
        const notifications = await one.notifications({ recipient: ann });
        assert.deepEqual(
          notifications.map(({ id, arrival }) => [id, arrival <= first]),
          [
            [10, true],
            [5, false],
          ],
        );
        assert.equal(notifications[1]!.arrival, await one.arrival({ recipient: ann }));
      }));

    test('carry an arrival of their recipient alone: what others are told does not show in it', () =>
      withHandles(async (one, two) => {
        await commit(one, [add(like(10, ann, bob))]);
        const before = await two.arrival({ recipient: ann });
        await commit(two, [add(like(20, cid, bob))]);
        await commit(one, [add(like(21, cid, ann)), add(like(22, bob, ann))], { partition: 9 });
        assert.equal(await two.arrival({ recipient: ann }), before);
        assert.equal(await one.arrival({ recipient: cid }), (await two.arrival({ recipient: bob })) + 1);
      }));

    test('never carry an arrival twice, though those with the newest were taken back', () =>
      withHandles(async (one, two) => {
        await commit(one, [add(like(10, ann, bob))]);
        const marker = { upTo: 30, arrival: await two.arrival({ recipient: ann }) };
        await commit(one, [{ change: 'remove', recipient: ann, id: 10 }]);
        await commit(two, [add(like(20, ann, bob))]);
        const late = await one.notifications({ recipient: ann, since: marker });
        assert.deepEqual(
          late.map(({ id }) => id),
          [20],
        );
      }));

    test('beyond the bound lose the oldest', () =>
      withHandles(async (one) => {
        const many = Array.from({ length: STORE_LIMITS.notifications + 20 }, (_, index) =>
          add(like(index + 1, ann, bob)),
        );
        await commit(one, many);
        await commit(one, [add(like(5_000, bob, ann))]);
        const ids = await idsOf(one, ann);
        assert.deepEqual(
          [ids.length, ids[0], ids.at(-1)],
          [STORE_LIMITS.notifications, STORE_LIMITS.notifications + 20, 21],
        );
        await commit(one, [add(like(3, ann, bob))]);
        assert.equal((await idsOf(one, ann)).at(-1), 21, 'one that comes too late is too old');
      }));

    test('of a generation under construction show when it takes over, and those before it no more', () =>
      withHandles(async (one, two) => {
        await commit(one, [add(like(10, ann, bob))]);
        await commit(one, [add(like(30, ann, bob))], { partition: 9 });
        await rebuild(one, [like(10, ann, bob), like(20, ann, cid)], async () => {
          assert.deepEqual(await idsOf(two, ann), [30, 10]);
        });
        assert.deepEqual(await idsOf(two, ann), [30, 20, 10]);
        while (await one.views.dropOld(PARTITION)) assert.deepEqual(await idsOf(two, ann), [30, 20, 10]);
        assert.deepEqual(await idsOf(two, ann), [30, 20, 10]);
      }));
  });

  describe('notifications that a marker does not cover', () => {
    test('are those above it, and those that came after it', () =>
      withHandles(async (one, two) => {
        await commit(one, [add(like(10, ann, bob)), add(like(30, ann, bob))]);
        const marker = { upTo: 20, arrival: await two.arrival({ recipient: ann }) };
        const uncovered = async () =>
          (await two.notifications({ recipient: ann, since: marker })).map(({ id }) => id);
        assert.deepEqual(await uncovered(), [30]);
        await commit(two, [add(like(15, ann, cid)), add(like(16, bob, cid))], { partition: 9 });
        await commit(two, [add(like(40, ann, cid))]);
        assert.deepEqual(await uncovered(), [40, 30, 15]);
      }));
  });

  describe('a rebuild', () => {
    const came = async (store: NotificationsStore) => {
      const notifications = await store.notifications({ recipient: ann });
      return Object.fromEntries(
        notifications.map(({ id, arrival, suppressed }) => [id, suppressed ? 'suppressed' : arrival]),
      );
    };

    test('takes over when what stands came, and knows of the rest that nobody was told', () =>
      withHandles(async (one, two) => {
        await commit(one, [add(like(10, ann, bob))]);
        await commit(one, [add(like(20, ann, bob))]);
        const before = await came(two);
        await rebuild(one, [like(10, ann, bob), like(20, ann, bob), like(15, ann, cid)]);
        assert.deepEqual(await came(two), { ...before, 15: 'suppressed' });
        await rebuild(two, [like(10, ann, bob), like(15, ann, cid)]);
        assert.deepEqual(await came(one), { 10: before[10], 15: 'suppressed' }, 'and again');
      }));

    test('takes over when something came that the older generation has only afterwards', () =>
      withHandles(async (one, two) => {
        await commit(one, [add(like(10, ann, bob))]);
        await rebuild(one, [like(10, ann, bob), like(20, ann, cid)], () =>
          commit(two, [add(like(20, ann, cid))]),
        );
        assert.equal((await came(one))[20], await two.arrival({ recipient: ann }));
      }));

    test('cannot know it where the older generation has not folded all that there was', () =>
      withHandles(async (one) => {
        await commit(one, [add(like(10, ann, bob))]);
        await rebuild(one, [like(10, ann, bob), like(20, ann, cid)], undefined, { tweets: 5 });
        assert.equal((await came(one))[20], 0);
      }));
  });

  describe('bell jobs', () => {
    const job: BellJob = { author: bob, tweetId: 40, after: 100 };

    test('advance page by page, with what each page tells, until they end', () =>
      withHandles(async (one, two) => {
        await commit(one, [], { bellJobs: [{ ...job, tweetId: 41 }, job] });
        const [first, second] = await two.bellJobs({ limit: 5 });
        assert.deepEqual(first, { ...job, partition: PARTITION, generation: 0 });
        assert.equal(second?.tweetId, 41);
        assert.equal((await one.bellJobs({ limit: 1 })).length, 1);
        const notifications = [{ ...like(40, ann, bob, 40), type: 'tweet' } satisfies Notification];
        assert.equal(await two.advanceBellJob({ job: first!, notifications, next: 200 }), true);
        assert.deepEqual(await idsOf(one, ann), [40]);
        const [moved] = await one.bellJobs({ limit: 1 });
        assert.equal(moved?.after, 200);
        assert.equal(await one.advanceBellJob({ job: moved!, notifications: [], next: null }), true);
        assert.deepEqual(
          (await two.bellJobs({ limit: 5 })).map(({ tweetId }) => tweetId),
          [41],
        );
      }));

    test('move once only, whoever asks', () =>
      withHandles(async (one, two) => {
        await commit(one, [], { bellJobs: [job] });
        const [found] = await one.bellJobs({ limit: 1 });
        const page = (recipient: number) => [
          { ...like(40, recipient, bob, 40), type: 'tweet' } satisfies Notification,
        ];
        const moved = await Promise.all([
          one.advanceBellJob({ job: found!, notifications: page(ann), next: 200 }),
          two.advanceBellJob({ job: found!, notifications: page(cid), next: 300 }),
        ]);
        assert.equal(moved.filter(Boolean).length, 1);
        assert.equal((await idsOf(one, ann)).length + (await idsOf(one, cid)).length, 1);
      }));

    test('of a generation that is gone are gone with it', () =>
      withHandles(async (one) => {
        await commit(one, [], { bellJobs: [job] });
        await rebuild(one, []);
        assert.deepEqual(await one.bellJobs({ limit: 5 }), []);
        while (await one.views.dropOld(PARTITION));
        assert.deepEqual(await one.bellJobs({ limit: 5 }), []);
      }));
  });

  describe('erasing', () => {
    test('takes what is a user’s and what they caused, some at a time, and nobody else’s', () =>
      withHandles(async (one, two) => {
        const notifications = [
          like(10, ann, bob),
          like(11, ann, cid),
          like(12, bob, ann),
          like(13, bob, cid),
        ];
        await commit(one, notifications.map(add));
        await two.addReadMarker({ userId: ann, upTo: 5, arrival: 1 });
        await two.addReadMarker({ userId: bob, upTo: 6, arrival: 1 });
        await two.mergeSettings({ userId: ann, changes: { like: { audience: 'nobody' } } });
        await two.setBell({ userId: ann, other: bob, level: 'all', since: 1 });
        await two.setBell({ userId: bob, other: ann, level: 'off', since: 1 });
        await two.setBell({ userId: bob, other: cid, level: 'off', since: 1 });
        await two.muteThread({ userId: ann, tweetId: 7 });
        let steps = 0;
        while (!(await two.eraseUser({ userId: ann, limit: 2 })).done) assert.ok(++steps < 10);
        assert.deepEqual([await idsOf(one, ann), await idsOf(one, bob)], [[], [13]]);
        assert.deepEqual(await one.readMarker({ userId: ann }), NO_READ_MARKER);
        assert.equal((await one.readMarker({ userId: bob })).upTo, 6);
        assert.deepEqual(await one.settings({ userIds: [ann] }), []);
        assert.deepEqual(await one.bells({ userId: ann, others: [bob] }), []);
        const left = await one.bells({ userId: bob, others: [ann, cid] });
        assert.deepEqual(left, [{ userId: cid, level: 'off' }]);
        assert.deepEqual(await one.mutedThreads({ pairs: [{ userId: ann, tweetId: 7 }] }), []);
      }));
  });
}
