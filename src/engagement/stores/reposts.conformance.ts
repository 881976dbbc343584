import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AUTHOR,
  type CreateBackend,
  engagementSuite,
  eventsOf,
  list,
  newEngagement,
  OTHER_TWEET,
  removal,
  summary,
  TIME_MS,
  TWEET,
  types,
} from '../testing/store-kit.ts';

export function describeReposts(name: string, create: CreateBackend): void {
  engagementSuite(`reposts in the engagement store ${name}`, create, (kit) => {
    test('a repost has events for the author of the tweet and for followers of its actor, in one commit', async () => {
      const repost = newEngagement(1);
      assert.equal(await kit.one.addRepost(repost), true);
      assert.equal(await kit.two.addRepost(newEngagement(1)), false);
      assert.equal(await kit.two.removeRepost(removal(1)), true);
      assert.equal(await kit.one.removeRepost(removal(1)), false);
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
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? kit.one : kit.two).addRepost(newEngagement(1)),
        ),
      );
      assert.equal(results.filter((isNew) => isNew).length, 1);
      assert.equal((await summary(kit.two)).repostCount, 1);
      assert.equal((await eventsOf(kit.log, 'reposts', 1)).length, 1);
    });

    test('reposting after a removal makes a repost with an id of its own; the undone one is kept for pagination sessions', async () => {
      const first = newEngagement(1);
      const second = newEngagement(1);
      await kit.one.addRepost(first);
      await kit.one.removeRepost(removal(1));
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

    test('tails hold the newest active reposts of each actor, within their bounds', async () => {
      const ids: number[] = [];
      for (let index = 0; index < 5; index++) {
        const repost = newEngagement(1, TWEET + index);
        ids.unshift(repost.id);
        await kit.one.addRepost(repost);
      }
      await kit.one.addRepost(newEngagement(2));
      await kit.one.removeRepost(removal(2));
      await kit.one.removeRepost(removal(1, TWEET + 4));
      const active = ids.slice(1);
      const ask = { actors: [1, 2, 3], before: null, atLeast: 0, afterPositions: null, limit: 10 };
      const tails = async (change: object) =>
        (await kit.two.repostTails({ ...ask, ...change })).map(({ actor, reposts, truncated }) => [
          actor,
          reposts.map((repost) => repost.id),
          truncated,
        ]);
      assert.deepEqual(await tails({}), [[1, active, false]]);
      assert.deepEqual(await tails({ limit: 4 }), [[1, active, false]]);
      assert.deepEqual(await tails({ limit: 3 }), [[1, active.slice(0, 3), true]]);
      assert.deepEqual(await tails({ before: active[1] }), [[1, active.slice(2), false]]);
      assert.deepEqual(await tails({ atLeast: active[1] }), [[1, active.slice(0, 2), false]]);
      assert.deepEqual(await tails({ before: active[3] }), []);
    });

    test('tails after a position hold exactly what was committed after it', async () => {
      const early = newEngagement(1);
      const late = newEngagement(1, OTHER_TWEET);
      // Ids do not commit in order: the later one first.
      await kit.one.addRepost(late);
      const { end: afterPositions } = await kit.log.range({ topic: 'reposts' });
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
        const first = newEngagement(2);
        const second = newEngagement(2);
        const other = newEngagement(2, OTHER_TWEET);
        await kit.one.addRepost(first);
        await kit.one.removeRepost(removal(2));
        await kit.one.addRepost(second);
        await kit.one.addRepost(other);
        for (const actor of [60, 61, 62]) await kit.one.addRepost(newEngagement(actor));
        for (const actor of [63, 64, 65]) {
          await kit.one.addRepost(newEngagement(actor));
          await kit.one.removeRepost(removal(actor));
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
