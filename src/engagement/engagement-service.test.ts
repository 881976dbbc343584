import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { isWarbleError } from '#domain/errors.ts';
import type { TweetId, UserId } from '#domain/ids.ts';
import type { Engagement } from './engagement.ts';
import { openWorld, type World } from './testing/engagement.ts';

const [ANN, BOB, CAT, DAN] = [1, 2, 3, 4];
const traceId = '';
const code = (wanted: string) => (error: unknown) => isWarbleError(error) && error.code === wanted;

describe('engagement', () => {
  let world: World;
  let tweet: TweetId;
  let engagement: Engagement;
  beforeEach(async () => {
    world = openWorld();
    await world.now.users(ANN, BOB, CAT, DAN);
    tweet = await world.now.post(ANN);
    engagement = world.now.engagement;
  });

  const by = (actor: UserId, tweetId = tweet) => ({ actor, tweetId, traceId });
  const say = (actor: UserId, content = 'hm', tweetId = tweet) =>
    engagement.comment({ ...by(actor, tweetId), content, idempotency: null });
  const counts = async (tweetId = tweet) => {
    const [summary] = await engagement.summaries({ viewer: null, tweetIds: [tweetId] });
    return [summary!.likeCount, summary!.commentCount, summary!.repostCount];
  };
  const users = async (list: 'likes' | 'comments' | 'reposts', viewer: UserId | null, tweetId = tweet) =>
    (await engagement[list]({ tweetId, viewer, before: null, limit: 20 })).items.map((row) => row.userId);
  const block = (userId: UserId, other: UserId) => world.now.social.block({ userId, other, traceId });
  const everyWay = [
    ['like', (actor: UserId, tweetId: TweetId) => engagement.like(by(actor, tweetId))],
    ['comment', (actor: UserId, tweetId: TweetId) => say(actor, 'hm', tweetId)],
    ['repost', (actor: UserId, tweetId: TweetId) => engagement.repost(by(actor, tweetId))],
  ] as const;

  test('likes, comments and reposts are counted, shown and known at once', async () => {
    for (const [, act] of everyWay) await act(BOB, tweet);
    await engagement.like(by(ANN));
    const [summary] = await engagement.summaries({ viewer: BOB, tweetIds: [tweet] });
    assert.deepEqual(await counts(), [2, 1, 1]);
    assert.deepEqual(summary!.viewer, { liked: true, reposted: true });
    assert.deepEqual(await users('likes', null), [ANN, BOB]);
    assert.deepEqual(await users('comments', null), [BOB]);
    assert.deepEqual(await users('reposts', null), [BOB]);
  });

  test('doing it again is a success and changes nothing, even many times at once', async () => {
    await Promise.all(
      Array.from({ length: 10 }, () => [engagement.like(by(BOB)), engagement.repost(by(BOB))]).flat(),
    );
    assert.deepEqual(await counts(), [1, 0, 1]);
    assert.equal((await world.now.events('engagement')).length, 2);
    assert.equal((await world.now.events('reposts')).length, 1);
  });

  test('undoing is a success for any id, hidden or unheard of', async () => {
    for (const tweetId of [tweet, 1, 2 ** 53 - 1, 10 ** 16]) {
      await engagement.unlike(by(BOB, tweetId));
      await engagement.unrepost(by(BOB, tweetId));
    }
    await engagement.like(by(BOB));
    await block(ANN, BOB);
    await engagement.unlike(by(BOB));
    assert.deepEqual(await counts(), [0, 0, 0]);
  });

  for (const [name, act] of everyWay) {
    test(`${name}: what is absent, deleted or a comment is not found`, async () => {
      const { commentId } = await say(CAT);
      await assert.rejects(act(BOB, 12_345), code('not_found'));
      await assert.rejects(act(BOB, commentId as number), code('not_found'));
      await world.now.tweets.remove({ tweetId: tweet, author: ANN, by: 'author', traceId });
      await assert.rejects(act(BOB, tweet), code('not_found'));
    });

    test(`${name}: between two who blocked, either way, the tweet is not found`, async () => {
      await block(ANN, BOB);
      await block(CAT, ANN);
      await assert.rejects(act(BOB, tweet), code('not_found'));
      await assert.rejects(act(CAT, tweet), code('not_found'));
      await act(DAN, tweet);
    });

    test(`${name}: the tweet of a protected account is not found by strangers`, async () => {
      await world.now.social.follow({ follower: BOB, followee: ANN, private: false, traceId });
      await world.now.protect(ANN);
      await assert.rejects(act(CAT, tweet), code('not_found'));
      if (name === 'repost') await assert.rejects(act(BOB, tweet), code('forbidden'));
      else await act(BOB, tweet);
    });
  }

  test('nobody reposts a protected tweet, not even its author', async () => {
    await world.now.protect(ANN);
    await assert.rejects(engagement.repost(by(ANN)), code('forbidden'));
  });

  describe('lists', () => {
    for (const list of ['likes', 'comments', 'reposts'] as const) {
      test(`${list}: not found where the tweet is hidden or gone`, async () => {
        await block(ANN, BOB);
        await assert.rejects(users(list, BOB), code('not_found'));
        await world.now.tweets.remove({ tweetId: tweet, author: ANN, by: 'author', traceId });
        await assert.rejects(users(list, CAT), code('not_found'));
      });
    }

    test('hide users whom this reader may not see, and count them all the same', async () => {
      for (const [, act] of everyWay) for (const actor of [BOB, CAT]) await act(actor, tweet);
      await block(BOB, DAN);
      await world.now.protect(CAT);
      for (const list of ['likes', 'comments', 'reposts'] as const) {
        assert.deepEqual(await users(list, DAN), []);
        assert.deepEqual(await users(list, null), [BOB]);
        assert.deepEqual(await users(list, CAT), [CAT, BOB]);
        assert.deepEqual(await users(list, BOB), [BOB]);
      }
      assert.deepEqual(await counts(), [2, 2, 2]);
    });

    test('pages are full though many are hidden, and go through everything once', async () => {
      const crowd = Array.from({ length: 60 }, (_, index) => 100 + index);
      await world.now.users(...crowd);
      await Promise.all(crowd.map((actor) => engagement.like(by(actor))));
      const hidden = crowd.filter((_, index) => index % 6 !== 0);
      for (const other of hidden) await block(DAN, other);
      const order = await users('likes', null);
      assert.equal(order.length, 20);
      const pages: UserId[][] = [];
      for (let before: number | null = null, first = true; first || before !== null; first = false) {
        const page = await engagement.likes({ tweetId: tweet, viewer: DAN, before, limit: 4 });
        pages.push(page.items.map((row) => row.userId));
        before = page.next;
      }
      assert.deepEqual(
        pages.map((page) => page.length),
        [4, 4, 2],
      );
      assert.deepEqual(new Set(pages.flat()), new Set(crowd.filter((one) => !hidden.includes(one))));
    });

    test('a list that ends with the page says so', async () => {
      for (const actor of [BOB, CAT]) await engagement.like(by(actor));
      const page = await engagement.likes({ tweetId: tweet, viewer: null, before: null, limit: 2 });
      assert.equal(page.items.length, 2);
      assert.equal(page.next, null);
    });
  });

  test('a like that races with a block or a deletion may be kept, but is not shown after either', async () => {
    await Promise.all([engagement.like(by(BOB)).catch(() => undefined), block(ANN, BOB)]);
    assert.deepEqual(await users('likes', ANN), []);
    const other = await world.now.post(ANN);
    await Promise.all([
      engagement.like(by(CAT, other)).catch(() => undefined),
      world.now.tweets.remove({ tweetId: other, author: ANN, by: 'author', traceId }),
    ]);
    await assert.rejects(users('likes', CAT, other), code('not_found'));
  });

  test('erasing a user removes what they did everywhere', async () => {
    for (const [, act] of everyWay) for (const actor of [BOB, CAT]) await act(actor, tweet);
    for (let done = false; !done; ) {
      ({ done } = await engagement.eraseActor({ actor: BOB, limit: 1, traceId }));
    }
    assert.deepEqual(await counts(), [1, 1, 1]);
    for (const list of ['likes', 'comments', 'reposts'] as const) {
      assert.deepEqual(await users(list, null), [CAT]);
    }
  });

  test('a scan gives everything once, in portions of any size', async () => {
    for (const [, act] of everyWay) for (const actor of [BOB, CAT]) await act(actor, tweet);
    const seen: string[] = [];
    for (let after: number | null = 0; after !== null; ) {
      const { engagements, next } = await engagement.scan({ after, limit: 4 });
      seen.push(...engagements.map(({ kind, actor, author }) => `${kind} ${actor} ${author}`));
      after = next;
    }
    const expected = everyWay.flatMap(([name]) => [`${name} ${BOB} ${ANN}`, `${name} ${CAT} ${ANN}`]);
    assert.deepEqual(seen.sort(), expected.sort());
  });

  test('too many ids in one call are refused', async () => {
    const tweetIds = Array.from({ length: 1_001 }, (_, index) => index + 1);
    await assert.rejects(engagement.summaries({ viewer: null, tweetIds }), code('invalid_request'));
  });

  describe('upkeep', () => {
    test('an undone repost is kept for a day and then forgotten', async () => {
      await engagement.repost(by(BOB));
      await engagement.unrepost(by(BOB));
      const ask = { tweetIds: [tweet], actors: [BOB], through: 2 ** 53 - 1, undoneAfter: 0 };
      await world.pass(24 * 3_600_000);
      await world.now.pruner.step();
      assert.equal((await engagement.repostsBy(ask)).length, 1);
      await world.pass(1_000);
      await world.now.pruner.step();
      assert.equal((await engagement.repostsBy(ask)).length, 0);
    });

    test('what belongs to deleted tweets is dropped, the rest stays', async () => {
      const other = await world.now.post(ANN);
      for (const [, act] of everyWay) for (const id of [tweet, other]) await act(BOB, id);
      await world.now.tweets.remove({ tweetId: tweet, author: ANN, by: 'author', traceId });
      while (await world.now.deadTweets.step());
      assert.deepEqual(await counts(), [0, 0, 0]);
      assert.deepEqual(await counts(other), [1, 1, 1]);
    });
  });
});
