import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { snowflakeTime, type TweetId, type UserId } from '#domain/ids.ts';
import { LIMITS, WINDOW_MS, WINDOWS, type Window } from '#domain/limits.ts';
import { plainGlobalTop, plainHomeTop, readPlainFacts } from '#timeline/testing/plain-top.ts';
import { openTopLists, type Setup } from '#timeline/testing/top-lists.ts';
import { unlessRefused } from '#timeline/testing/world.ts';
import type { TopKIndexSize } from './top-k-index.ts';

/** So small that indexes are trimmed, run low and are refilled all the time. */
const SMALL: TopKIndexSize = { shown: 5, kept: 8, max: 12, low: 6 };
const USERS = 6;
const HOUR_MS = 3_600_000;

/** What users do, encoded as numbers that shrink well. */
const action = fc.record({
  kind: fc.constantFrom(
    'post',
    'post',
    'postOld',
    'remove',
    'like',
    'like',
    'like',
    'unlike',
    'follow',
    'follow',
    'unfollow',
    'protect',
    'deactivate',
    'mute',
    'hours',
    'fold',
    'step',
    'settle',
    'rebuild',
    'read',
    'stop',
    'crash',
  ),
  who: fc.nat(USERS - 1),
  whom: fc.nat(USERS - 1),
  which: fc.nat(200),
});
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

async function perform(setup: Setup, next: Action) {
  const { clock, view, globalTop, settle } = setup;
  const { kind, which } = next;
  if (kind === 'hours') clock.advance((which % 30) * HOUR_MS);
  else if (kind === 'fold') await view.worker.step();
  else if (kind === 'step') await globalTop.worker.step();
  else if (kind === 'settle') await settle();
  else if (kind === 'read') await homeTopOf(setup, 1, WINDOWS[which % WINDOWS.length]!, which % 2 === 0, 10);
  else if (kind === 'stop') await setup.restart('stopped');
  else if (kind === 'crash') await setup.restart('crashed');
  else if (kind === 'rebuild' && which % 5 === 0) await view.startRebuild();
  else await actAsUser(setup, next);
}

async function actAsUser({ world }: Setup, { kind, who, whom, which }: Action) {
  const [me, other] = [who + 1, whom + 1];
  const { tweets, users } = await readPlainFacts(world);
  const some = tweets[which % Math.max(1, tweets.length)];
  const user = users.get(me)!;
  if (kind === 'post') await world.post(me);
  else if (kind === 'postOld') await world.postEarlier(me, which * HOUR_MS);
  else if (kind === 'remove' && some) await world.remove(some.author, some.id);
  else if (kind === 'like' && some) await unlessRefused(world.like(me, some.id));
  else if (kind === 'unlike') {
    const { liked } = await world.engagement.viewerState({
      viewer: me,
      tweetIds: tweets.map(({ id }) => id),
    });
    if (liked.length > 0) await world.unlike(me, liked[which % liked.length]!);
  } else if (kind === 'follow' && me !== other) await unlessRefused(world.follow(me, other));
  else if (kind === 'unfollow') await world.unfollow(me, other);
  else if (kind === 'protect') await world.protect(me, !user.protected);
  else if (kind === 'deactivate') {
    await world.setState(me, user.state === 'active' ? 'deactivated' : 'active');
  } else if (kind === 'mute' && me !== other) {
    const [view] = await world.social.view({ viewer: me, userIds: [other] });
    await unlessRefused(view?.muting ? world.unmute(me, other) : world.mute(me, other));
  }
}

async function homeTopOf(
  { openHomeTop, world }: Setup,
  reader: UserId,
  window: Window,
  own: boolean,
  k: number,
) {
  const iterator = await openHomeTop({ reader, window, own });
  const seen: TweetId[] = [];
  for (;;) {
    const some = await iterator.take(3);
    // Tweets of inactive authors are left out at reading, by the pipeline.
    const records = await world.tweets.get({ ids: some });
    const authorOf = new Map(records.map(({ id, author }) => [id, author]));
    const { users } = await readPlainFacts(world);
    seen.push(...some.filter((id) => users.get(authorOf.get(id)!)?.state === 'active'));
    if (some.length < 3 || seen.length >= k) return seen.slice(0, k);
  }
}

async function compareAll(setup: Setup, max: number): Promise<void> {
  const { world, globalTop, clock } = setup;
  const now = clock.now();
  const facts = await readPlainFacts(world);
  const { followees } = await world.social.followeesOf({ follower: 1 });
  for (const window of WINDOWS) {
    const { tweetIds, partial } = await globalTop.newest(window);
    assert.equal(partial, false);
    assert.deepEqual(tweetIds, plainGlobalTop(facts, window, now, max), `top of ${window}`);
    for (const own of [false, true]) {
      const expected = plainHomeTop(facts, { reader: 1, followees, window, own, now, k: 10 });
      assert.deepEqual(await homeTopOf(setup, 1, window, own, 10), expected, `home top of ${window}`);
    }
  }
}

describe('top lists', () => {
  const open = (size?: TopKIndexSize, page?: number) => openTopLists(USERS, size, page);

  test('are what a plain computation says two seconds later, whatever happened', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 60, maxLength: 160, size: 'max' }), async (actions) => {
        const setup = await open(SMALL, 3);
        for (const each of actions) await perform(setup, each);
        await setup.settle();
        await compareAll(setup, SMALL.shown);
      }),
      { numRuns: 25, seed: 1 },
    );
  });

  test('a tweet leaves a window at its very start', async () => {
    const setup = await open();
    const { world, clock, globalTop, settle } = setup;
    const tweetId = await world.post(1);
    await settle();
    for (const window of ['24h', '7d'] as const) {
      clock.advance(WINDOW_MS[window] - (clock.now() - snowflakeTime(tweetId)));
      await globalTop.worker.step();
      assert.deepEqual(
        (await globalTop.newest(window)).tweetIds,
        [tweetId],
        `${window}: at the start it is in`,
      );
      clock.advance(1);
      await settle();
      assert.deepEqual((await globalTop.newest(window)).tweetIds, [], `${window}: past it, it is out`);
    }
    assert.deepEqual((await globalTop.newest('all')).tweetIds, [tweetId]);
  });

  test('a snapshot is made only when the list has changed, and serves pagination sessions ten minutes longer', async () => {
    const { world, clock, globalTop, snapshots, settle } = await open();
    await world.post(1);
    await settle();
    const first = await globalTop.newest('all');
    await world.post(2);
    await world.like(1, await world.post(3));
    await settle();
    const second = await globalTop.newest('all');
    assert.notEqual(second.id, first.id);
    await world.follow(4, 5);
    await settle();
    assert.equal((await globalTop.newest('all')).id, second.id, 'nothing in the list changed');
    clock.advance(LIMITS.topSnapshotKept_ms - 2_000);
    assert.deepEqual(await snapshots.get(first.id), first);
    clock.advance(2_000);
    assert.equal(await snapshots.get(first.id), undefined);
    assert.deepEqual(await snapshots.get(second.id), second, 'the newest does not age');
  });

  test('are there at once after a shutdown, without a scan of rows', async () => {
    const setup = await open(SMALL, 3);
    const { world, settle, restart } = setup;
    for (let i = 0; i < 40; i++) await world.like(1 + (i % 5), await world.post(1 + (i % USERS)));
    await settle();
    await restart('stopped');
    assert.equal(setup.globalTop.isFilling(), false);
    await setup.view.worker.step();
    await compareAll(setup, SMALL.shown);
  });

  test('are there after a crash as last kept, and are partial until they are made anew', async () => {
    const setup = await open(SMALL, 3);
    const { world, clock, settle, restart } = setup;
    for (let i = 0; i < 40; i++) await world.like(1 + (i % 5), await world.post(1 + (i % USERS)));
    await settle();
    clock.advance(60_000);
    await world.like(3, await world.post(2));
    await settle();
    const { tweetIds } = await setup.globalTop.newest('all');
    await restart('crashed');
    await setup.view.worker.step();
    const first = await setup.globalTop.newest('all');
    assert.deepEqual([first.tweetIds, first.partial], [tweetIds, true]);
    await settle();
    await compareAll(setup, SMALL.shown);
  });

  test('are complete in the very first read where there are few rows', async () => {
    const { view, globalTop } = await open();
    while (await view.worker.step());
    const { tweetIds, partial } = await globalTop.newest('all');
    assert.deepEqual([tweetIds, partial], [[], false]);
  });

  test('grow while they are made, and are partial meanwhile', async () => {
    const setup = await open(undefined, 10);
    for (let i = 0; i < 100; i++) await setup.world.post(1 + (i % USERS));
    while (await setup.view.worker.step());
    const sizes: number[] = [];
    for (;;) {
      const { tweetIds, partial } = await setup.globalTop.newest('all');
      sizes.push(tweetIds.length);
      if (!partial) break;
      setup.clock.advance(1_000);
      await setup.globalTop.worker.step();
    }
    assert.ok(sizes.length > 5 && sizes[0]! > 0 && sizes.at(-1) === 100, sizes.join());
  });

  test('an author who becomes listed again comes back, however few the followers', async () => {
    const { world, globalTop, settle, clock } = await open(SMALL, 3);
    for (let i = 0; i < 20; i++) await world.like(4, await world.post(1));
    await world.follow(5, 1);
    const popular = await world.post(2);
    for (const liker of [3, 4, 5]) await world.like(liker, popular);
    await world.protect(2);
    await settle();
    const before = await globalTop.newest('all');
    assert.ok(!before.tweetIds.includes(popular));
    await world.protect(2, false);
    await settle();
    const { tweetIds } = await globalTop.newest('all');
    assert.equal(tweetIds[0], popular);
    assert.deepEqual(tweetIds, plainGlobalTop(await readPlainFacts(world), 'all', clock.now(), SMALL.shown));
  });

  test('stay complete when the best tweets are deleted', async () => {
    const { world, globalTop, settle, clock } = await open(SMALL, 3);
    const mine: { author: UserId; tweetId: TweetId }[] = [];
    for (let i = 0; i < 40; i++) {
      const author = 1 + (i % USERS);
      mine.push({ author, tweetId: await world.post(author) });
    }
    await settle();
    for (const { author, tweetId } of mine.slice(26)) await world.remove(author, tweetId);
    await settle();
    const { tweetIds } = await globalTop.newest('all');
    assert.deepEqual(tweetIds, plainGlobalTop(await readPlainFacts(world), 'all', clock.now(), SMALL.shown));
  });

  test('a home top list goes on past the hundred best of an author', async () => {
    const setup = await open();
    for (let i = 0; i < 250; i++) await setup.world.like(1 + (i % USERS), await setup.world.post(2));
    await setup.world.follow(1, 2);
    await setup.settle();
    const facts = await readPlainFacts(setup.world);
    const { followees } = await setup.world.social.followeesOf({ follower: 1 });
    for (const window of WINDOWS) {
      const expected = plainHomeTop(facts, {
        reader: 1,
        followees,
        window,
        own: false,
        now: setup.clock.now(),
        k: 250,
      });
      assert.deepEqual(await homeTopOf(setup, 1, window, false, 250), expected);
    }
  });

  test('hold a thousand tweets, even if all are by one author', async () => {
    const { world, globalTop, settle, clock } = await open({ shown: 100, kept: 150, max: 200, low: 110 }, 50);
    const byFirst: TweetId[] = [];
    for (let i = 0; i < 400; i++) byFirst.push(await world.post(1));
    for (let i = 0; i < 50; i++) await world.post(2);
    for (let i = 0; i < 400; i++) await world.postEarlier(3, i * 60_000);
    await settle();
    const same = async () => {
      const { tweetIds } = await globalTop.newest('all');
      assert.deepEqual(tweetIds, plainGlobalTop(await readPlainFacts(world), 'all', clock.now(), 100));
    };
    await same();
    await world.follow(4, 1);
    await settle();
    await same();
    for (const tweetId of byFirst.slice(300, 395)) await world.remove(1, tweetId);
    await settle();
    await same();
    await world.follow(4, 3);
    await world.unfollow(4, 1);
    await settle();
    await same();
  });
});
