import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { isWarbleError, WarbleError } from '#domain/errors.ts';
import { snowflakeTime, type TweetId, type UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import { ABANDONED_AFTER_MS } from './comment-sweeper.ts';
import { openWorld, type World } from './testing/engagement.ts';

const [ANN, BOB, CAT, DAN] = [1, 2, 3, 4];
const traceId = '';
const code = (wanted: string) => (error: unknown) => isWarbleError(error) && error.code === wanted;

describe('comments', () => {
  let world: World;
  let tweet: TweetId;
  beforeEach(async () => {
    world = openWorld();
    await world.now.users(ANN, BOB, CAT, DAN);
    tweet = await world.now.post(ANN);
  });

  const say = (actor: UserId, content: string, key?: string, tweetId = tweet) =>
    world.now.engagement.comment({
      actor,
      tweetId,
      traceId,
      content,
      idempotency: key === undefined ? null : { key, bodyHash: `hash of ${content}` },
    });
  const remove = (actor: UserId, commentId: number, tweetId = tweet) =>
    world.now.engagement.removeComment({ actor, tweetId, commentId, traceId });
  const listed = async () => {
    const request = { tweetId: tweet, viewer: null, before: null, limit: 100 };
    return (await world.now.engagement.comments(request)).items.map((row) => row.id);
  };
  const texts = async (ids: number[]) =>
    (await world.now.tweets.get({ ids })).sort((a, b) => b.id - a.id).map((text) => text.content);
  const count = async () =>
    (await world.now.engagement.summaries({ viewer: null, tweetIds: [tweet] }))[0]!.commentCount;
  /** Lets the sweeper come to rest: twice round, since an abandoned comment rests in between. */
  async function settle(): Promise<void> {
    for (let round = 0; round < 2; round++) {
      await world.pass(ABANDONED_AFTER_MS + 1_000);
      while (await world.now.sweeper.step());
    }
  }
  /** What is shown has both row and text, is counted, and is what the events, folded, leave. */
  async function consistent(): Promise<number[]> {
    const ids = await listed();
    assert.equal(await count(), ids.length);
    assert.equal((await texts(ids)).length, ids.length);
    const told = new Set<number>();
    for (const { type, itemId } of await world.now.events('engagement')) {
      if (type === 'comment.added') told.add(itemId);
      else assert.ok(told.delete(itemId), 'removed what was not there');
    }
    assert.deepEqual([...told].sort(), [...ids].sort());
    return ids;
  }

  test('a comment is listed, counted, announced and readable when it is answered', async () => {
    const { commentId, time } = await say(BOB, '  hm\r\n');
    assert.equal(time, snowflakeTime(commentId));
    assert.deepEqual(await consistent(), [commentId]);
    assert.deepEqual(await texts([commentId]), ['hm']);
  });

  test('a refused text leaves no row', async () => {
    await assert.rejects(say(BOB, ' '), code('invalid_text'));
    await assert.rejects(say(BOB, 'x'.repeat(LIMITS.textGraphemes + 1), 'key'), code('invalid_text'));
    assert.equal(await world.now.store.commentByKey({ actor: BOB, key: 'key', since: 0 }), undefined);
    assert.deepEqual(await world.now.store.unfinishedComments({ before: 2 ** 53, limit: 10 }), []);
  });

  test('a comment for whose mentions social does not answer leaves no row', async () => {
    world.now.social.lookup = () => Promise.reject(new WarbleError('unavailable', 'Not now.'));
    await assert.rejects(say(BOB, 'hm @p1', 'key'), code('unavailable'));
    assert.deepEqual(await world.now.store.unfinishedComments({ before: 2 ** 53, limit: 10 }), []);
    assert.equal(await world.now.store.commentByKey({ actor: BOB, key: 'key', since: 0 }), undefined);
    await say(BOB, 'hm');
  });

  describe('idempotency keys', () => {
    test('the same key and body: the same answer, once or many times at once, even after removal', async () => {
      const answers = await Promise.all(Array.from({ length: 5 }, () => say(BOB, 'hm', 'key')));
      assert.equal(new Set(answers.map((answer) => answer.commentId)).size, 1);
      assert.deepEqual(await say(BOB, 'hm', 'key'), answers[0]);
      assert.equal((await consistent()).length, 1);
      await remove(BOB, answers[0]!.commentId);
      assert.deepEqual(await say(BOB, 'hm', 'key'), answers[0]);
      assert.deepEqual(await consistent(), []);
    });

    test('the same key with another body or tweet is a mismatch; another user has keys of their own', async () => {
      await say(BOB, 'hm', 'key');
      await assert.rejects(say(BOB, 'ha', 'key'), code('idempotency_mismatch'));
      const other = await world.now.post(ANN);
      await assert.rejects(say(BOB, 'hm', 'key', other), code('idempotency_mismatch'));
      await say(CAT, 'ha', 'key');
      assert.equal((await consistent()).length, 2);
    });

    test('a key is kept for a day', async () => {
      const first = await say(BOB, 'hm', 'key');
      await world.pass(24 * 3_600_000);
      assert.deepEqual(await say(BOB, 'hm', 'key'), first);
      await world.pass(1_000);
      while (await world.now.pruner.step());
      const second = await say(BOB, 'ha', 'key');
      assert.notEqual(second.commentId, first.commentId);
      assert.equal((await consistent()).length, 2);
    });
  });

  describe('deletion', () => {
    test('by the author of the comment or of the tweet; again is a success', async () => {
      for (const actor of [BOB, ANN]) {
        const { commentId } = await say(BOB, 'hm');
        for (let again = 0; again < 2; again++) await remove(actor, commentId);
        assert.deepEqual(await consistent(), []);
        assert.deepEqual(await texts([commentId]), []);
        await settle();
        await remove(actor, commentId);
      }
    });

    test("another's: forbidden where visible, not found where hidden, absent, of another tweet or deleted", async () => {
      const { commentId } = await say(BOB, 'hm');
      const other = await world.now.post(ANN);
      await assert.rejects(remove(CAT, commentId), code('forbidden'));
      await assert.rejects(remove(CAT, commentId, other), code('not_found'));
      await assert.rejects(remove(BOB, commentId, other), code('not_found'));
      await assert.rejects(remove(CAT, 12_345), code('not_found'));
      await world.now.social.block({ userId: BOB, other: CAT, traceId });
      await assert.rejects(remove(CAT, commentId), code('not_found'));
      await world.now.social.block({ userId: DAN, other: ANN, traceId });
      await assert.rejects(remove(DAN, commentId), code('not_found'));
      assert.deepEqual(await consistent(), [commentId]);
      await remove(BOB, commentId);
      await assert.rejects(remove(CAT, commentId), code('not_found'));
    });

    test("a protected user's comment is hidden from strangers", async () => {
      const { commentId } = await say(BOB, 'hm');
      await world.now.protect(BOB);
      await assert.rejects(remove(CAT, commentId), code('not_found'));
    });
  });

  describe('after a crash', () => {
    /** Beginnings and ends of commits on the way of one comment: its row, its text, its listing. */
    const EDGES = 6;

    for (let edge = 1; edge <= EDGES; edge++) {
      test(`at edge ${edge} of a comment: shown whole or not at all; its key brings the same one to its end`, async () => {
        world.now.dieAt(edge);
        const answered = await say(BOB, 'hm', 'key').catch(() => undefined);
        assert.ok(world.now.died());
        await world.restart();
        const before = await consistent();
        if (answered !== undefined) assert.deepEqual(before, [answered.commentId]);
        const keyed = await world.now.store.commentByKey({ actor: BOB, key: 'key', since: 0 });
        const again = await say(BOB, 'hm', 'key');
        if (keyed !== undefined) assert.equal(again.commentId, keyed.commentId);
        assert.deepEqual(await consistent(), [again.commentId]);
        await settle();
        assert.deepEqual(await consistent(), [again.commentId]);
        assert.deepEqual(await texts([again.commentId]), ['hm']);
      });

      test(`at edge ${edge} of a comment that nobody retries: the sweeper ends or finishes it`, async () => {
        world.now.dieAt(edge);
        const answered = await say(BOB, 'hm', 'key').catch(() => undefined);
        await world.restart();
        const keyed = await world.now.store.commentByKey({ actor: BOB, key: 'key', since: 0 });
        const written = keyed !== undefined && (await texts([keyed.commentId])).length === 1;
        await settle();
        assert.deepEqual(await consistent(), written ? [keyed.commentId] : []);
        if (answered !== undefined) assert.ok(written);
        assert.deepEqual(await world.now.store.unfinishedComments({ before: 2 ** 53, limit: 10 }), []);
        const later = await say(BOB, 'hm', 'key');
        assert.equal(later.commentId === keyed?.commentId, written);
        assert.equal((await consistent()).length, 1);
      });
    }

    for (let edge = 1; edge <= 4; edge++) {
      test(`at edge ${edge} of a removal: gone at once or not at all, and its text goes too`, async () => {
        const { commentId } = await say(BOB, 'hm');
        world.now.dieAt(edge);
        const answered = await remove(BOB, commentId).then(
          () => true,
          () => false,
        );
        assert.ok(world.now.died());
        await world.restart();
        const left = await consistent();
        if (answered) assert.deepEqual(left, []);
        await settle();
        assert.deepEqual(await consistent(), left);
        assert.deepEqual(await texts([commentId]), left.length === 0 ? [] : ['hm']);
        await remove(BOB, commentId);
        assert.deepEqual(await consistent(), []);
      });
    }

    test('at every edge of the sweeper itself, it continues where it stopped', async () => {
      for (let edge = 1; edge <= 8; edge++) {
        for (const start of [1, 4, 6]) {
          world.now.dieAt(start);
          await say(BOB, 'hm').catch(() => undefined);
          await world.restart();
        }
        await world.pass(ABANDONED_AFTER_MS + 1_000);
        world.now.dieAt(edge);
        for (let step = 0; step < 3 && !world.now.died(); step++) {
          await world.now.sweeper.step().catch(() => undefined);
          await world.pass(ABANDONED_AFTER_MS + 1_000);
        }
        await world.restart();
        await consistent();
        await settle();
        assert.deepEqual(await world.now.store.unfinishedComments({ before: 2 ** 53, limit: 10 }), []);
        await consistent();
      }
    });
  });

  describe('in a race', () => {
    test('a deleted tweet takes no comment: not found, and nothing is left of it', async () => {
      const [outcome] = await Promise.all([
        say(BOB, 'hm', 'key').catch((error: unknown) => error),
        world.now.tweets.remove({ tweetId: tweet, author: ANN, by: 'author', traceId }),
      ]);
      if (outcome instanceof Error) assert.ok(code('not_found')(outcome));
      await settle();
      assert.deepEqual(await world.now.store.unfinishedComments({ before: 2 ** 53, limit: 10 }), []);
      await assert.rejects(listed(), code('not_found'));
    });

    test('a request so slow that the sweeper deleted its comment fails, and leaves no text', async () => {
      const { writeComment } = world.now.tweets;
      let written: number | undefined;
      world.now.tweets.writeComment = async (comment) => {
        await settle();
        written = comment.commentId;
        return writeComment(comment);
      };
      await assert.rejects(say(BOB, 'hm', 'key'), code('unavailable'));
      assert.deepEqual(await texts([written!]), []);
      assert.deepEqual(await consistent(), []);
      world.now.tweets.writeComment = writeComment;
      const { commentId } = await say(BOB, 'hm', 'key');
      assert.deepEqual(await consistent(), [commentId]);
    });
  });
});
