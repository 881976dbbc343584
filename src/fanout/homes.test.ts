import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import type { TweetId } from '#domain/ids.ts';
import type { PubSubEvent } from '#queue/pubsub.ts';
import { type Community, type CommunityOptions, openCommunity, type ShownPage } from './testing/fanout.ts';

const [ADA, BEN, CYD, DAN] = [1, 2, 3, 4];

async function withCommunity(
  work: (community: Community) => Promise<void>,
  options: CommunityOptions = {},
): Promise<void> {
  const community = openCommunity(options);
  await community.users(4);
  await community.step();
  await work(community);
}

describe('a home', () => {
  test('shows what followed users posted before and after it was first read, newest first', () =>
    withCommunity(async (c) => {
      await c.follow(ADA, BEN);
      await c.follow(ADA, CYD, true);
      const old = await c.post(BEN);
      assert.deepEqual(await c.home({ reader: ADA }), [old]);
      const secret = await c.post(CYD);
      await c.post(DAN);
      await c.settle();
      assert.deepEqual(await c.home({ reader: ADA }), [secret, old]);
    }));

  test('is read from its home timeline alone once that is ready', () =>
    withCommunity(async (c) => {
      await c.follow(ADA, BEN);
      await c.post(BEN);
      await c.settle();
      await c.home({ reader: ADA });
      c.calls.clear();
      await c.home({ reader: ADA });
      assert.deepEqual([...c.calls], [['engagement.repostsBy', 1]]);
    }));

  test('shows a newly followed author at once, and by fan-out where it was not read since', () =>
    withCommunity(async (c) => {
      const tweet = await c.post(BEN);
      assert.deepEqual(await c.home({ reader: ADA }), []);
      await c.follow(ADA, BEN);
      assert.deepEqual(await c.home({ reader: ADA }), [tweet]);
      await c.follow(ADA, CYD);
      const other = await c.post(CYD);
      await c.settle();
      c.down.add('tweets');
      c.down.add('engagement');
      const { entries, partial } = await c.homes.candidates({
        reader: ADA,
        own: false,
        position: null,
        limit: 9,
      });
      assert.deepEqual(
        entries.map(({ tweetId }) => tweetId),
        [other, tweet],
      );
      assert.ok(partial);
    }));

  test("shows the reader's own tweets at once with `own`, and only with `own`", () =>
    withCommunity(async (c) => {
      await c.follow(ADA, BEN);
      const theirs = await c.post(BEN);
      await c.settle();
      const mine = await c.post(ADA);
      assert.deepEqual(await c.home({ reader: ADA, own: true }), [mine, theirs]);
      assert.deepEqual(await c.home({ reader: ADA }), [theirs]);
      await c.repost(ADA, await c.post(DAN));
      assert.equal((await c.home({ reader: ADA, own: true })).length, 3);
      assert.deepEqual(await c.home({ reader: ADA }), [theirs]);
    }));

  test('leaves out unfollowed and muted authors and deleted tweets at once, and brings back unmuted authors', () =>
    withCommunity(async (c) => {
      await c.follow(ADA, BEN);
      await c.follow(ADA, CYD);
      const ben = await c.post(BEN);
      const cyd = await c.post(CYD);
      const gone = await c.post(CYD);
      await c.settle();
      await c.home({ reader: ADA });
      await c.remove(CYD, gone);
      assert.deepEqual(await c.home({ reader: ADA }), [cyd, ben]);
      await c.social.mute({ userId: ADA, other: CYD, traceId: '' });
      assert.deepEqual(await c.home({ reader: ADA }), [ben]);
      await c.social.unmute({ userId: ADA, other: CYD, traceId: '' });
      assert.deepEqual(await c.home({ reader: ADA }), [cyd, ben]);
      await c.unfollow(ADA, BEN);
      assert.deepEqual(await c.home({ reader: ADA }), [cyd]);
    }));

  test('leaves out an author whose account is not active, and shows all their tweets afterwards', () =>
    withCommunity(async (c) => {
      await c.follow(ADA, BEN);
      await c.follow(ADA, CYD);
      const ben = await c.post(BEN);
      const other = await c.post(DAN);
      await c.repost(CYD, other);
      await c.social.setAccount({ userId: CYD, state: 'deactivated' });
      await c.settle();
      assert.deepEqual(await c.home({ reader: ADA }), [ben]);
      await c.social.setAccount({ userId: CYD, state: 'active' });
      assert.deepEqual(await c.home({ reader: ADA }), [other, ben]);
    }));
});

describe('reposts in a home', () => {
  test('put a tweet at its newest repost, once, naming every followee who reposted it', () =>
    withCommunity(async (c) => {
      for (const followee of [BEN, CYD]) await c.follow(ADA, followee);
      const first = await c.post(BEN);
      const second = await c.post(BEN);
      await c.repost(CYD, first);
      await c.repost(BEN, first);
      await c.repost(DAN, first);
      await c.settle();
      const { entries } = await c.page({ reader: ADA });
      assert.deepEqual(
        entries.map(({ tweetId, repostedBy }) => [tweetId, repostedBy]),
        [
          [first, [BEN, CYD]],
          [second, []],
        ],
      );
      assert.equal(entries[0]!.actor, BEN);
    }));

  test('uncover the next activity when they are undone', () =>
    withCommunity(async (c) => {
      for (const followee of [BEN, CYD]) await c.follow(ADA, followee);
      const theirs = await c.post(DAN);
      await c.repost(BEN, theirs);
      const between = await c.post(BEN);
      await c.repost(CYD, theirs);
      await c.settle();
      assert.deepEqual(await c.home({ reader: ADA }), [theirs, between]);
      await c.unrepost(CYD, theirs);
      assert.deepEqual(await c.home({ reader: ADA }), [between, theirs]);
      await c.unrepost(BEN, theirs);
      assert.deepEqual(await c.home({ reader: ADA }), [between]);
    }));
});

describe('a pagination session of a home', () => {
  let c: Community;
  let posted: TweetId[];

  before(async () => {
    c = openCommunity();
    await c.users(4);
    await c.step();
    for (const followee of [BEN, CYD]) await c.follow(ADA, followee);
  });
  beforeEach(async () => {
    posted = [];
    for (let i = 0; i < 6; i++) posted.unshift(await c.post(BEN));
    await c.settle();
  });

  async function rest(first: ShownPage, own = false): Promise<TweetId[]> {
    const shown = first.entries.map(({ tweetId }) => tweetId);
    for (let { next } = first; next !== null; ) {
      const page = await c.page({ reader: ADA, own, position: next, limit: 2 });
      shown.push(...page.entries.map(({ tweetId }) => tweetId));
      next = page.next;
    }
    return shown.slice(0, 6);
  }

  test('does not show what arrived since', async () => {
    const first = await c.page({ reader: ADA, limit: 2 });
    await c.post(BEN);
    await c.settle();
    assert.deepEqual(await rest(first), posted);
  });

  test('does not repeat a tweet whose repost was undone, or whose reposter was unfollowed, after it was shown', async () => {
    await c.repost(CYD, posted[5]!);
    await c.repost(CYD, posted[4]!);
    await c.settle();
    const first = await c.page({ reader: ADA, limit: 2 });
    await c.unrepost(CYD, posted[4]!);
    await c.unfollow(ADA, CYD);
    assert.deepEqual(await rest(first), [posted[4], posted[5], ...posted.slice(0, 4)]);
    await c.follow(ADA, CYD);
    await c.unrepost(CYD, posted[5]!);
  });

  test('does not skip a tweet whose repost was undone before it was reached', async () => {
    const extra = await c.post(BEN);
    await c.repost(CYD, posted[5]!);
    await c.post(BEN);
    await c.settle();
    const first = await c.page({ reader: ADA, limit: 1 });
    await c.unrepost(CYD, posted[5]!);
    const shown = await rest(first);
    assert.equal(shown[1], extra);
    const all = [...shown, ...(await c.home({ reader: ADA }))];
    assert.ok(all.includes(posted[5]!));
  });

  test('does not skip a tweet whose repost arrived above the session’s position', async () => {
    await c.repost(CYD, posted[3]!);
    const mine = await c.post(ADA);
    const first = await c.page({ reader: ADA, own: true, limit: 2 });
    assert.deepEqual(
      first.entries.map(({ tweetId }) => tweetId),
      [mine, posted[0]],
    );
    await c.settle();
    const shown = await rest({ ...first, entries: first.entries.slice(1) }, true);
    assert.deepEqual(shown, posted);
    await c.unrepost(CYD, posted[3]!);
    await c.remove(ADA, mine);
  });

  test('gives the same page for the same position', async () => {
    await c.repost(CYD, posted[5]!);
    await c.settle();
    const first = await c.page({ reader: ADA, limit: 2 });
    const second = await c.page({ reader: ADA, position: first.next, limit: 2 });
    await c.page({ reader: ADA, position: second.next, limit: 2 });
    const again = await c.page({ reader: ADA, position: first.next, limit: 2 });
    assert.deepEqual(again, second);
    await c.unrepost(CYD, posted[5]!);
  });

  test('goes on by facts where its memory is gone', async () => {
    await c.repost(CYD, posted[5]!);
    await c.repost(CYD, posted[4]!);
    await c.settle();
    const first = await c.page({ reader: ADA, limit: 2 });
    await c.crash();
    await c.unrepost(CYD, posted[4]!);
    assert.deepEqual(await rest(first), [posted[4], posted[5], ...posted.slice(0, 4)]);
    await c.unrepost(CYD, posted[5]!);
  });
});

describe('connected users', () => {
  function listen(c: Community, user: number): PubSubEvent[] {
    const heard: PubSubEvent[] = [];
    c.pubsub.subscribe(user, (event) => heard.push(event));
    return heard;
  }

  test('are notified of each tweet once, with or without a home timeline, and of its deletion', () =>
    withCommunity(async (c) => {
      for (const reader of [ADA, CYD]) await c.follow(reader, BEN);
      await c.settle();
      await c.home({ reader: ADA });
      const heard = [ADA, CYD, DAN].map((user) => listen(c, user));
      const tweetId = await c.post(BEN);
      await c.settle();
      await c.remove(BEN, tweetId);
      await c.settle();
      for (const events of heard.slice(0, 2)) {
        assert.deepEqual(
          events.map((event) => event.type),
          ['tweet', 'delete'],
        );
      }
      assert.deepEqual(heard[2], []);
    }));
});
