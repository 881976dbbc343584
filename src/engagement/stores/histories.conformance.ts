import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AUTHOR,
  type CreateBackend,
  draft,
  engagementSuite,
  eventsOf,
  list,
  listed,
  newEngagement,
  OTHER_TWEET,
  removal,
  summary,
  TIME_MS,
  TWEET,
  traceId,
} from '../testing/store-kit.ts';

export function describeWhole(name: string, create: CreateBackend): void {
  engagementSuite(`active items, erasure and pruning in the engagement store ${name}`, create, (kit) => {
    test('active tells likes, listed comments and active reposts from all else', async () => {
      const like = newEngagement(1);
      const repost = newEngagement(1);
      const gone = newEngagement(2);
      await kit.one.addLike(like);
      await kit.one.addRepost(repost);
      await kit.one.addLike(gone);
      await kit.one.removeLike(removal(2));
      const commentId = await listed(kit.one, 1);
      const ids = [like.id, repost.id, gone.id, commentId, 4];
      const active = await kit.two.active({ ids });
      assert.deepEqual(
        active.sort((a, b) => a - b),
        [like.id, repost.id, commentId],
      );
      await kit.one.removeRepost(removal(1));
      await kit.one.removeComment({ commentId, time: TIME_MS, traceId });
      assert.deepEqual(await kit.two.active({ ids }), [like.id]);
    });

    test('a scan walks all that is active in portions, each thing once', async () => {
      const like = newEngagement(1);
      await kit.one.addLike(like);
      const commentId = await listed(kit.one, 2);
      const repost = newEngagement(3, OTHER_TWEET);
      await kit.one.addRepost(repost);
      await kit.one.addRepost(newEngagement(4));
      await kit.one.removeRepost(removal(4));
      await kit.one.beginComment(draft(5));
      const base = { tweetId: TWEET, author: AUTHOR };
      const expected = [
        { kind: 'like', id: like.id, ...base, actor: 1 },
        { kind: 'comment', id: commentId, ...base, actor: 2 },
        { kind: 'repost', id: repost.id, tweetId: OTHER_TWEET, author: AUTHOR, actor: 3 },
      ];
      assert.deepEqual(await kit.two.scan({ after: 0, limit: 10 }), expected);
      assert.deepEqual(await kit.two.scan({ after: 0, limit: 2 }), expected.slice(0, 2));
      assert.deepEqual(await kit.two.scan({ after: commentId, limit: 2 }), expected.slice(2));
      assert.deepEqual(await kit.two.scan({ after: repost.id, limit: 2 }), []);
    });

    test('which tweets a viewer likes or has reposted', async () => {
      await kit.one.addLike(newEngagement(1));
      await kit.one.addRepost(newEngagement(1, OTHER_TWEET));
      await kit.one.addLike(newEngagement(2, OTHER_TWEET));
      assert.deepEqual(await kit.two.viewerState({ viewer: 1, tweetIds: [TWEET, OTHER_TWEET, 5] }), {
        liked: [TWEET],
        reposted: [OTHER_TWEET],
      });
    });

    for (const crowd of [9, 65, 260]) {
      test(`each of ${crowd} users is known to like and to have reposted, nobody else, through every removal`, async () => {
        const actors = Array.from({ length: crowd }, (_, index) => index + 1);
        await Promise.all(
          actors.flatMap((actor) => [
            kit.one.addLike(newEngagement(actor)),
            kit.two.addRepost(newEngagement(actor)),
          ]),
        );
        const flags = async (viewer: number) => (await summary(kit.two, viewer)).viewer;
        for (const actor of [1, 2, crowd - 1, crowd]) {
          for (let again = 0; again < 2; again++) {
            assert.deepEqual(await flags(actor), { liked: true, reposted: true });
          }
        }
        assert.deepEqual(await flags(crowd + 1), { liked: false, reposted: false });
        await kit.one.removeLike(removal(1));
        assert.deepEqual(await flags(1), { liked: false, reposted: true });
        await kit.one.removeRepost(removal(1));
        assert.deepEqual(await flags(1), { liked: false, reposted: false });
        assert.deepEqual(await flags(2), { liked: true, reposted: true });
        const ask = { tweetIds: [TWEET], actors: [1, 2, 3], through: Number.MAX_SAFE_INTEGER };
        const named = async (undoneAfter: number | null) =>
          (await kit.two.repostsBy({ ...ask, undoneAfter })).map((row) => row.userId).sort();
        assert.deepEqual(await named(null), [2, 3]);
        assert.deepEqual(await named(TIME_MS - 1), [1, 2, 3]);
      });
    }

    test('erasing a user removes all that they did, in portions, with counts and events', async () => {
      for (const tweetId of [TWEET, OTHER_TWEET]) {
        for (const actor of [1, 2]) {
          await kit.one.addLike(newEngagement(actor, tweetId));
          await kit.one.addRepost(newEngagement(actor, tweetId));
        }
      }
      await listed(kit.one, 2);
      const mine = await listed(kit.one, 1);
      const { commentId: begun } = await kit.one.beginComment(draft(1, 'key'));
      const before = (await eventsOf(kit.log, 'engagement', AUTHOR)).length;
      let steps = 0;
      for (let done = false; !done; steps++) {
        ({ done } = await kit.two.eraseActor({ actor: 1, limit: 2, time: TIME_MS, traceId }));
      }
      assert.ok(steps >= 4, `${steps} steps`);
      for (const tweetId of [TWEET, OTHER_TWEET]) {
        const left = await summary(kit.one, 1, tweetId);
        assert.deepEqual([left.likeCount, left.repostCount], [1, 1]);
        assert.deepEqual(left.viewer, { liked: false, reposted: false });
      }
      assert.equal((await summary(kit.one)).commentCount, 1);
      for (const commentId of [mine, begun]) {
        assert.equal((await kit.one.comment({ commentId }))?.state, 'deleting');
      }
      assert.equal(await kit.one.commentByKey({ actor: 1, key: 'key', since: 0 }), undefined);
      const events = (await eventsOf(kit.log, 'engagement', AUTHOR)).slice(before);
      assert.deepEqual(events.map((event) => event.type).sort(), [
        'comment.removed',
        'like.removed',
        'like.removed',
        'repost.removed',
        'repost.removed',
      ]);
      assert.ok(events.every((event) => event.actorId === 1));
    });

    test('a dead tweet is pruned in portions, without events, and leaves other tweets alone', async () => {
      for (const actor of [1, 2, 3]) {
        await kit.one.addLike(newEngagement(actor));
        await kit.one.addRepost(newEngagement(actor));
      }
      await kit.one.removeRepost(removal(3));
      const commentId = await listed(kit.one, 1);
      const { commentId: begun } = await kit.one.beginComment(draft(2, 'key'));
      await kit.one.addLike(newEngagement(1, OTHER_TWEET));
      assert.deepEqual(await kit.two.tweetIds({ after: 0, limit: 10 }), [TWEET, OTHER_TWEET]);
      assert.deepEqual(await kit.two.tweetIds({ after: TWEET, limit: 10 }), [OTHER_TWEET]);
      const events = (await eventsOf(kit.log, 'engagement', AUTHOR)).length;
      for (let done = false; !done; ) {
        ({ done } = await kit.two.pruneTweet({ tweetId: TWEET, limit: 2, time: TIME_MS }));
        const left = await summary(kit.one);
        assert.equal(left.likeCount, (await kit.one.likes(list())).length);
        assert.equal(left.commentCount, (await kit.one.comments(list())).length);
        assert.equal(left.repostCount, (await kit.one.reposts(list())).length);
      }
      const left = await summary(kit.one, 1);
      assert.deepEqual([left.likeCount, left.commentCount, left.repostCount], [0, 0, 0]);
      assert.deepEqual(await kit.one.keptReposts(list()), []);
      for (const id of [commentId, begun]) {
        assert.equal((await kit.one.comment({ commentId: id }))?.state, 'deleting');
      }
      assert.equal(await kit.one.commentByKey({ actor: 2, key: 'key', since: 0 }), undefined);
      assert.deepEqual(await kit.one.tweetIds({ after: 0, limit: 10 }), [OTHER_TWEET]);
      assert.equal((await summary(kit.one, 1, OTHER_TWEET)).likeCount, 1);
      assert.equal((await eventsOf(kit.log, 'engagement', AUTHOR)).length, events);
    });

    test('undone reposts are kept until they are pruned, in portions', async () => {
      for (const actor of [1, 2, 3]) await kit.one.addRepost(newEngagement(actor));
      await kit.one.removeRepost({ ...removal(1), time: TIME_MS });
      await kit.one.removeRepost({ ...removal(2), time: TIME_MS + 10 });
      await summary(kit.one);
      const named = async () => {
        const asked = { tweetIds: [TWEET], actors: [1, 2, 3], through: Number.MAX_SAFE_INTEGER };
        return (await kit.one.repostsBy({ ...asked, undoneAfter: 0 })).map((row) => row.userId).sort();
      };
      assert.deepEqual(await named(), [1, 2, 3]);
      assert.equal(await kit.two.pruneUndone({ before: TIME_MS, limit: 10 }), false);
      assert.equal((await kit.one.keptReposts(list())).length, 3);
      assert.equal(await kit.two.pruneUndone({ before: TIME_MS + 11, limit: 1 }), true);
      assert.equal((await kit.one.keptReposts(list())).length, 2);
      assert.equal(await kit.two.pruneUndone({ before: TIME_MS + 11, limit: 5 }), false);
      assert.deepEqual(
        (await kit.one.keptReposts(list())).map((row) => row.userId),
        [3],
      );
      assert.deepEqual(await named(), [3]);
    });
  });
}
