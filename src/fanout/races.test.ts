/** The moments at which an activity could get lost, each set up on purpose. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TweetId, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import { type Community, type CommunityOptions, openCommunity } from './testing/fanout.ts';

const [ADA, BEN, CYD, DAN] = [1, 2, 3, 4];
/** Longer than the margin within which a follow makes a packed home unusable: see home-loader.ts. */
const LONG_AFTER = 11 * 60_000;

async function withCommunity(
  work: (community: Community) => Promise<void>,
  options: CommunityOptions = {},
): Promise<void> {
  const community = openCommunity(options);
  await community.users(4);
  await work(community);
}

/** The home as it is in memory: nothing is backfilled, so whatever it shows was delivered. */
async function inMemory(c: Community, reader: UserId): Promise<TweetId[]> {
  c.calls.clear();
  const { entries } = await c.homes.candidates({ reader, own: false, position: null, limit: 50 });
  assert.equal(c.calls.get('tweets.tails'), undefined, 'this home was backfilled');
  return entries.map(({ tweetId }) => tweetId);
}

describe('while a home is being made', () => {
  for (const moment of ['before', 'after'] as const) {
    test(`a tweet posted and delivered just ${moment} the tails are read is in it`, () =>
      withCommunity(async (c) => {
        await c.step();
        await c.follow(ADA, BEN);
        const old = await c.post(BEN);
        await c.settle();
        let late = 0;
        c[moment].set('tweets.tails', async () => {
          late = await c.post(BEN);
          await c.settle();
        });
        await c.home({ reader: ADA });
        assert.deepEqual(await inMemory(c, ADA), [late, old]);
      }));

    test(`a follow made and merged just ${moment} the followees are read is in it`, () =>
      withCommunity(async (c) => {
        await c.step();
        const old = await c.post(BEN);
        await c.settle();
        c[moment].set('social.followeesOf', async () => {
          await c.follow(ADA, BEN);
          await c.settle();
        });
        await c.home({ reader: ADA });
        await c.home({ reader: ADA });
        assert.deepEqual(await inMemory(c, ADA), [old]);
      }));
  }

  test('concurrent reads share the work', () =>
    withCommunity(async (c) => {
      await c.step();
      await c.follow(ADA, BEN);
      const tweet = await c.post(BEN);
      c.calls.clear();
      const homes = await Promise.all(Array.from({ length: 5 }, () => c.home({ reader: ADA })));
      assert.deepEqual(homes, Array(5).fill([tweet]));
      assert.equal(c.calls.get('tweets.tails'), 1);
    }));

  test('no home timeline is kept before fan-out has said where it starts', () =>
    withCommunity(async (c) => {
      await c.follow(ADA, BEN);
      const first = await c.post(BEN);
      assert.deepEqual(await c.home({ reader: ADA }), [first]);
      const unseen = await c.post(BEN);
      await c.settle();
      assert.deepEqual(await c.home({ reader: ADA }), [unseen, first]);
    }));
});

describe('a follow', () => {
  test('and a post that race lose nothing, in whatever order they are read', () =>
    withCommunity(async (c) => {
      await c.step();
      await c.follow(CYD, BEN);
      await c.home({ reader: ADA });
      const before = await c.post(BEN);
      const [, during] = await Promise.all([c.follow(ADA, BEN), c.post(BEN)]);
      const after = await c.post(BEN);
      await c.settle();
      assert.deepEqual(await inMemory(c, ADA), [after, during, before]);
    }));

  test('made while the follower list is being read, page by page, is not missed', () =>
    withCommunity(async (c) => {
      await c.step();
      await c.follow(CYD, BEN);
      await c.settle();
      await c.home({ reader: ADA });
      await c.post(BEN);
      // The list is read for that post; the follow commits just after its only page.
      c.after.set('social.followerIds', () => c.follow(ADA, BEN));
      await c.settle();
      const next = await c.post(BEN);
      await c.settle();
      assert.equal((await inMemory(c, ADA))[0], next);
    }));

  test(`of an author with more than ${LIMITS.homeTimeline} tweets leaves the older ones to backfill`, () =>
    withCommunity(async (c) => {
      await c.step();
      const theirs: TweetId[] = [];
      for (let i = 0; i < LIMITS.homeTimeline + 50; i++) {
        theirs.unshift(await c.post(BEN));
        if (i % 60 === 59) await c.pass(1);
      }
      // Delivered to nobody: only the merge and backfill can bring them.
      await c.settle();
      await c.home({ reader: ADA });
      await c.follow(ADA, BEN);
      await c.settle();
      assert.equal((await inMemory(c, ADA)).length, 50);
      assert.deepEqual(await c.home({ reader: ADA, limit: 100 }), theirs);
      await c.follow(CYD, BEN);
      assert.deepEqual(await c.home({ reader: CYD, limit: 100 }), theirs);
    }));
});

describe('a packed home', () => {
  test('comes back with what was posted since, backfilling no more than that', () =>
    withCommunity(async (c) => {
      await c.step();
      await c.follow(ADA, BEN);
      const old = await c.post(BEN);
      await c.settle();
      await c.pass(LONG_AFTER);
      await c.home({ reader: ADA });
      await c.restart();
      const missed = await c.post(BEN);
      c.calls.clear();
      assert.deepEqual(await c.home({ reader: ADA }), [missed, old]);
      assert.equal(c.calls.get('timelineDb.load'), 1);
      assert.equal(c.calls.get('tweets.tails'), 1);
    }));

  test('does not claim what is still being delivered', () =>
    withCommunity(async (c) => {
      await c.step();
      await c.follow(ADA, BEN);
      await c.settle();
      await c.pass(LONG_AFTER);
      await c.home({ reader: ADA });
      const underway = await c.post(BEN);
      await c.restart();
      assert.deepEqual(await c.home({ reader: ADA }), [underway]);
    }));

  test('is not used after a follow that only a lost home timeline had merged', () =>
    withCommunity(async (c) => {
      await c.step();
      await c.follow(ADA, BEN);
      await c.settle();
      await c.pass(LONG_AFTER);
      await c.home({ reader: ADA });
      const older = await c.post(CYD);
      await c.settle();
      await c.homes.flush();
      await c.pass(LONG_AFTER);
      await c.follow(ADA, CYD);
      await c.settle();
      await c.crash();
      assert.deepEqual(await c.home({ reader: ADA }), [older]);
    }));

  test('is not used when an author was unfollowed and followed again, and posted in between', () =>
    withCommunity(async (c) => {
      await c.step();
      await c.follow(ADA, BEN);
      await c.settle();
      await c.pass(LONG_AFTER);
      await c.home({ reader: ADA });
      await c.unfollow(ADA, BEN);
      const between = await c.post(BEN);
      await c.settle();
      await c.homes.flush();
      await c.pass(LONG_AFTER);
      await c.follow(ADA, BEN);
      await c.crash();
      assert.deepEqual(await c.home({ reader: ADA }), [between]);
    }));

  test('is not used once a followee’s account is active again', () =>
    withCommunity(async (c) => {
      await c.step();
      await c.follow(ADA, CYD);
      const older = await c.post(CYD);
      await c.settle();
      await c.social.setAccount({ userId: CYD, state: 'deactivated' });
      await c.pass(LONG_AFTER);
      await c.home({ reader: ADA });
      await c.homes.flush();
      assert.notEqual(await c.timelineDb.load({ reader: ADA }), null);
      await c.social.setAccount({ userId: CYD, state: 'active' });
      await c.crash();
      assert.deepEqual(await c.home({ reader: ADA }), [older]);
    }));

  test('is written when its home timeline is evicted, and while it changes', () =>
    withCommunity(
      async (c) => {
        await c.step();
        await c.follow(ADA, BEN);
        const tweet = await c.post(BEN);
        await c.settle();
        await c.home({ reader: ADA });
        await c.home({ reader: DAN });
        while (await c.homes.workers[0]!.step());
        const row = await c.timelineDb.load({ reader: ADA });
        assert.deepEqual([...row!.ids], [tweet]);
        await c.pass(LONG_AFTER);
        while (await c.homes.workers[0]!.step());
        assert.notEqual(await c.timelineDb.load({ reader: DAN }), null);
      },
      { maxHomeTimelines: 1 },
    ));
});

describe('a home timeline for other followees than today’s', () => {
  test('of a reader with very many followees is filled by the next read, and fan-out does not wait for it', () =>
    withCommunity(async (c) => {
      const many = LIMITS.batch + 5;
      await c.users(many + 5);
      for (let followee = 5; followee < 5 + many; followee++) await c.follow(ADA, followee);
      await c.settle();
      await c.home({ reader: ADA });
      await c.follow(ADA, BEN);
      await c.follow(ADA, CYD);
      const tweet = await c.post(BEN);
      c.calls.clear();
      await c.settle();
      assert.ok((c.calls.get('tweets.tails') ?? 0) <= 2, 'one tail for each follow');
      assert.deepEqual(await c.home({ reader: ADA }), [tweet]);
    }));
});

describe('with a service down', () => {
  test('the Timeline DB: homes are made from the followees’ tails', () =>
    withCommunity(async (c) => {
      await c.step();
      await c.follow(ADA, BEN);
      const tweet = await c.post(BEN);
      await c.settle();
      const load = c.timelineDb.load;
      c.timelineDb.load = () => Promise.reject(new Error('down'));
      assert.deepEqual(await c.home({ reader: ADA }), [tweet]);
      c.timelineDb.load = load;
    }));

  test('engagement: postings show, reposts do not, the page says so, and all is well afterwards', () =>
    withCommunity(async (c) => {
      await c.step();
      await c.follow(ADA, BEN);
      const reposted = await c.post(CYD);
      await c.repost(BEN, reposted);
      const tweet = await c.post(BEN);
      await c.settle();
      c.down.add('engagement');
      const { entries, partial } = await c.page({ reader: ADA });
      assert.deepEqual(
        entries.map(({ tweetId }) => tweetId),
        [tweet],
      );
      assert.ok(partial);
      c.down.clear();
      assert.deepEqual(await c.home({ reader: ADA }), [tweet, reposted]);
    }));

  test('social: there is no home rather than an unchecked one', () =>
    withCommunity(async (c) => {
      await c.step();
      c.down.add('social');
      await assert.rejects(c.home({ reader: ADA }));
    }));

  test('fan-out retries what failed, and reports nothing as done that is not', () =>
    withCommunity(async (c) => {
      await c.step();
      await c.follow(ADA, BEN);
      await c.home({ reader: ADA });
      const before = (await c.fanout.processedPositions('tweets'))!;
      const tweet = await c.post(BEN);
      c.down.add('social');
      await assert.rejects(c.settle());
      assert.deepEqual(await c.fanout.processedPositions('tweets'), before);
      c.down.clear();
      await c.settle();
      assert.deepEqual(await inMemory(c, ADA), [tweet]);
      assert.notDeepEqual(await c.fanout.processedPositions('tweets'), before);
    }));
});

describe('activities that are fanned out on read', () => {
  const pushOrPull = { minAudience: 1, pushCost_ns: 1e15 };

  test('show in homes that are ready, among what was pushed, also after a crash', () =>
    withCommunity(
      async (c) => {
        await c.step();
        for (const followee of [BEN, CYD]) await c.follow(ADA, followee);
        const first = await c.post(BEN);
        await c.settle();
        await c.home({ reader: ADA });
        const pulled = await c.post(BEN);
        const pushed = await c.post(CYD);
        await c.settle();
        const tails = await c.timelineDb.fanOutOnReadTails({ actors: [BEN, CYD] });
        assert.deepEqual(
          tails.map(({ actor, ids }) => [actor, ...ids]),
          [[BEN, pulled]],
        );
        assert.deepEqual(await inMemory(c, ADA), [pushed, pulled, first]);
        await c.pass(LONG_AFTER);
        await c.homes.flush();
        await c.crash();
        assert.deepEqual(await c.home({ reader: ADA }), [pushed, pulled, first]);
        await c.unfollow(ADA, BEN);
        assert.deepEqual(await c.home({ reader: ADA }), [pushed]);
      },
      { fanout: { pushOrPull } },
    ));
});

describe('new tweets since', () => {
  test('are the postings of followees whom the reader may see, newest first', () =>
    withCommunity(async (c) => {
      await c.step();
      for (const followee of [BEN, CYD]) await c.follow(ADA, followee);
      const old = await c.post(BEN);
      const ben = await c.post(BEN);
      const cyd = await c.post(CYD);
      const gone = await c.post(CYD);
      await c.repost(CYD, await c.post(DAN));
      await c.settle();
      await c.remove(CYD, gone);
      const ask = { reader: ADA, after: old, limit: 9 };
      const theirs = { tweetId: ben, actor: BEN };
      const all = { activities: [{ tweetId: cyd, actor: CYD }, theirs], partial: false };
      assert.deepEqual(await c.homes.newTweetsSince(ask), all);
      await c.social.mute({ userId: ADA, other: CYD, traceId: '' });
      assert.deepEqual(await c.homes.newTweetsSince(ask), { activities: [theirs], partial: false });
    }));

  test('leave out what a followee tweeted before the follow, though the home has it', () =>
    withCommunity(async (c) => {
      await c.post(BEN);
      await c.pass(1);
      await c.follow(ADA, BEN);
      await c.pass(1);
      const later = await c.post(BEN);
      await c.settle();
      assert.equal((await c.home({ reader: ADA })).length, 2);
      const { activities } = await c.homes.newTweetsSince({ reader: ADA, after: 0, limit: 9 });
      assert.deepEqual(activities, [{ tweetId: later, actor: BEN }]);
    }));

  test('cost no read of the followees once the home timeline is ready, and none beneath its floor', () =>
    withCommunity(async (c) => {
      await c.step();
      const many = LIMITS.homeTimeline + 300;
      await c.follow(ADA, BEN);
      await c.follow(ADA, CYD);
      for (let i = 0; i < many; i++) await c.post(i % 2 === 0 ? BEN : CYD);
      await c.settle();
      await c.home({ reader: ADA });
      c.calls.clear();
      const { activities } = await c.homes.newTweetsSince({ reader: ADA, after: 0, limit: 2 * many });
      assert.ok(activities.length >= LIMITS.homeTimeline && activities.length < many);
      assert.deepEqual([...c.calls.keys()].sort(), ['tweets.authorsOf']);
    }));

  test('are partial where no home timeline can be kept', () =>
    withCommunity(async (c) => {
      await c.follow(ADA, BEN);
      await c.post(BEN);
      await c.settle();
      c.down.add('engagement');
      const answer = await c.homes.newTweetsSince({ reader: ADA, after: 0, limit: 9 });
      assert.deepEqual(answer, { activities: [], partial: true });
    }));
});
