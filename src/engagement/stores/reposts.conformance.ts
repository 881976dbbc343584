import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AUTHOR,
  act,
  type CreateBackend,
  engagementSuite,
  eventsOf,
  list,
  OTHER_TWEET,
  summary,
  TIME_MS,
  TWEET,
  types,
  undo,
} from '../testing/store-kit.ts';

export function describeReposts(name: string, create: CreateBackend): void {
  engagementSuite(`reposts in the engagement store ${name}`, create, (kit) => {
    test('a repost tells the author of the tweet and the followers of whoever reposted, in one commit', async () => {
      const repost = act(1);
      assert.equal(await kit.one.addRepost(repost), true);
      assert.equal(await kit.two.addRepost(act(1)), false);
      assert.equal(await kit.two.removeRepost(undo(1)), true);
      assert.equal(await kit.one.removeRepost(undo(1)), false);
      const expected = [
        ['repost.added', 1, repost.id],
        ['repost.removed', 1, repost.id],
      ];
      assert.deepEqual(types(await eventsOf(kit.log, 'engagement', AUTHOR)), expected);
      const told = await eventsOf(kit.log, 'reposts', 1);
      assert.deepEqual(types(told), expected);
      assert.deepEqual(
        told.map((event) => event.entityId),
        [TWEET, TWEET],
      );
      assert.equal((await summary(kit.one, 1)).repostCount, 0);
    });

    test('the same repost from both handles at once counts once', async () => {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? kit.one : kit.two).addRepost(act(1))),
      );
      assert.equal(results.filter((isNew) => isNew).length, 1);
      assert.equal((await summary(kit.two)).repostCount, 1);
      assert.equal((await eventsOf(kit.log, 'reposts', 1)).length, 1);
    });

    test('reposting after an undo makes a repost with an id of its own; the undone one is kept for pagination sessions', async () => {
      const first = act(1);
      const second = act(1);
      await kit.one.addRepost(first);
      await kit.one.removeRepost(undo(1));
      assert.equal(await kit.two.addRepost(second), true);
      assert.equal((await summary(kit.one, 1)).repostCount, 1);
      assert.deepEqual((await summary(kit.one, 1)).viewer, { liked: false, reposted: true });
      const row = { id: second.id, tweetId: TWEET, userId: 1 };
      assert.deepEqual(await kit.one.reposts(list()), [row]);
      assert.deepEqual(await kit.one.repostsById({ repostIds: [first.id, second.id, 3] }), [row]);
      const kept = [
        { ...row, undoneAt: null },
        { id: first.id, tweetId: TWEET, userId: 1, undoneAt: TIME_MS },
      ];
      assert.deepEqual(await kit.two.keptReposts(list()), kept);
      assert.deepEqual(await kit.two.keptReposts(list(second.id)), [kept[1]]);
    });

    test('tails hold the newest standing reposts of each actor, within their bounds', async () => {
      const ids: number[] = [];
      for (let index = 0; index < 5; index++) {
        const repost = act(1, TWEET + index);
        ids.unshift(repost.id);
        await kit.one.addRepost(repost);
      }
      await kit.one.addRepost(act(2));
      await kit.one.removeRepost(undo(2));
      await kit.one.removeRepost(undo(1, TWEET + 4));
      const standing = ids.slice(1);
      const ask = { actors: [1, 2, 3], before: null, atLeast: 0, afterPositions: null, limit: 10 };
      const tails = async (change: object) =>
        (await kit.two.repostTails({ ...ask, ...change })).map(({ actor, reposts, truncated }) => [
          actor,
          reposts.map((repost) => repost.id),
          truncated,
        ]);
      assert.deepEqual(await tails({}), [[1, standing, false]]);
      assert.deepEqual(await tails({ limit: 4 }), [[1, standing, false]]);
      assert.deepEqual(await tails({ limit: 3 }), [[1, standing.slice(0, 3), true]]);
      assert.deepEqual(await tails({ before: standing[1] }), [[1, standing.slice(2), false]]);
      assert.deepEqual(await tails({ atLeast: standing[1] }), [[1, standing.slice(0, 2), false]]);
      assert.deepEqual(await tails({ before: standing[3] }), []);
    });

    test('tails after a position hold exactly what was committed after it', async () => {
      const early = act(1);
      const late = act(1, OTHER_TWEET);
      // Ids do not commit in order: the later one first.
      await kit.one.addRepost(late);
      const { newest: afterPositions } = await kit.log.heads({ topic: 'reposts' });
      await kit.two.addRepost(early);
      const [tail] = await kit.two.repostTails({
        actors: [1],
        before: null,
        atLeast: 0,
        afterPositions,
        limit: 10,
      });
      assert.deepEqual(tail, {
        actor: 1,
        reposts: [{ id: early.id, tweetId: TWEET }],
        truncated: false,
      });
    });

    for (const [users, name] of [
      [[1, 2, 3, 50], 'more users than reposts'],
      [[2], 'more reposts than users'],
    ] as const) {
      test(`reposts of tweets by users, ${name}`, async () => {
        const first = act(2);
        const second = act(2);
        const other = act(2, OTHER_TWEET);
        await kit.one.addRepost(first);
        await kit.one.removeRepost(undo(2));
        await kit.one.addRepost(second);
        await kit.one.addRepost(other);
        for (const actor of [60, 61, 62]) await kit.one.addRepost(act(actor));
        for (const actor of [63, 64, 65]) {
          await kit.one.addRepost(act(actor));
          await kit.one.removeRepost(undo(actor));
        }
        const ask = {
          tweetIds: [TWEET, OTHER_TWEET, 5],
          actors: [...users],
          through: Number.MAX_SAFE_INTEGER,
        };
        const ids = async (change: object) =>
          (await kit.two.repostsBy({ ...ask, undoneAfter: null, ...change })).map((row) => row.id);
        assert.deepEqual(await ids({}), [other.id, second.id]);
        assert.deepEqual(await ids({ undoneAfter: TIME_MS - 1 }), [other.id, second.id, first.id]);
        assert.deepEqual(await ids({ undoneAfter: TIME_MS }), [other.id, second.id]);
        assert.deepEqual(await ids({ through: second.id }), [second.id]);
        assert.deepEqual(await ids({ tweetIds: [OTHER_TWEET] }), [other.id]);
        assert.deepEqual(await ids({ actors: [] }), []);
      });
    }
  });
}
