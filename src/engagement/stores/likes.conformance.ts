import assert from 'node:assert/strict';
import { test } from 'node:test';
import { snowflakeTime } from '#domain/ids.ts';
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
  TWEET,
  traceId,
  types,
} from '../testing/store-kit.ts';

export function describeLikes(name: string, create: CreateBackend): void {
  engagementSuite(`likes in the engagement store ${name}`, create, (kit) => {
    test('what one handle likes, the other counts, lists and knows', async () => {
      const like = newEngagement(1);
      assert.equal(await kit.one.addLike(like), true);
      const row = { id: like.id, tweetId: TWEET, userId: 1 };
      assert.deepEqual(await summary(kit.two, 1), {
        tweetId: TWEET,
        likeCount: 1,
        commentCount: 0,
        repostCount: 0,
        likes: [row],
        comments: [],
        viewer: { liked: true, reposted: false },
      });
      assert.deepEqual((await summary(kit.two, 2)).viewer, { liked: false, reposted: false });
      assert.equal((await summary(kit.two)).viewer, null);
      assert.deepEqual(await kit.two.likes(list()), [row]);
    });

    test('liking again changes nothing and keeps the first id', async () => {
      const like = newEngagement(1);
      await kit.one.addLike(like);
      assert.equal(await kit.two.addLike(newEngagement(1)), false);
      assert.deepEqual(
        (await kit.one.likes(list())).map((row) => row.id),
        [like.id],
      );
      assert.equal((await eventsOf(kit.log, 'engagement', AUTHOR)).length, 1);
    });

    test('the same like from both handles at once counts once', async () => {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? kit.one : kit.two).addLike(newEngagement(1)),
        ),
      );
      assert.equal(results.filter((isNew) => isNew).length, 1);
      assert.equal((await summary(kit.one)).likeCount, 1);
      assert.equal((await summary(kit.two)).likeCount, 1);
      assert.equal((await eventsOf(kit.log, 'engagement', AUTHOR)).length, 1);
    });

    test('likes of many users from both handles at once are all counted', async () => {
      await Promise.all(
        Array.from({ length: 60 }, (_, index) =>
          (index % 2 === 0 ? kit.one : kit.two).addLike(newEngagement(index + 1)),
        ),
      );
      assert.equal((await summary(kit.one)).likeCount, 60);
      assert.equal((await kit.two.likes(list(null, 100))).length, 60);
    });

    test('an unlike takes the like back; undoing what is not there says so and has no event', async () => {
      const like = newEngagement(1);
      await kit.one.addLike(like);
      assert.equal(await kit.two.removeLike(removal(1)), true);
      assert.equal(await kit.one.removeLike(removal(1)), false);
      assert.equal(await kit.one.removeLike(removal(99, 12345)), false);
      assert.equal((await summary(kit.one, 1)).likeCount, 0);
      assert.deepEqual((await summary(kit.one, 1)).viewer, { liked: false, reposted: false });
      assert.deepEqual(types(await eventsOf(kit.log, 'engagement', AUTHOR)), [
        ['like.added', 1, like.id],
        ['like.removed', 1, like.id],
      ]);
    });

    test('an event says whose tweet, who, what and when', async () => {
      const like = newEngagement(1);
      await kit.one.addLike(like);
      const [event] = await eventsOf(kit.log, 'engagement', AUTHOR);
      assert.deepEqual(
        { ...event, eventId: '', region: '' },
        {
          topic: 'engagement',
          type: 'like.added',
          key: AUTHOR,
          entityId: TWEET,
          entityVersion: 1,
          actorId: 1,
          itemId: like.id,
          time: snowflakeTime(like.id),
          traceId,
          eventId: '',
          schemaVersion: 1,
          sequence: 1,
          region: '',
        },
      );
    });

    test('previews hold the newest eight, lists go on from any position', async () => {
      const ids: number[] = [];
      for (let actor = 1; actor <= 12; actor++) {
        const like = newEngagement(actor);
        ids.unshift(like.id);
        await kit.one.addLike(like);
      }
      const preview = (await summary(kit.two)).likes.map((row) => row.id);
      assert.deepEqual(preview, ids.slice(0, 8));
      const first = await kit.two.likes(list(null, 5));
      const second = await kit.two.likes(list(first.at(-1)!.id, 5));
      const third = await kit.two.likes(list(second.at(-1)!.id, 5));
      assert.deepEqual(
        [...first, ...second, ...third].map((row) => row.id),
        ids,
      );
    });

    test('like counts name the tweets that have any', async () => {
      await kit.one.addLike(newEngagement(1));
      await kit.one.addLike(newEngagement(2));
      await kit.one.addLike(newEngagement(1, OTHER_TWEET));
      await kit.one.removeLike(removal(1, OTHER_TWEET));
      const asked = { tweetIds: [TWEET, OTHER_TWEET, 5] };
      assert.deepEqual(await kit.two.likeCounts(asked), [{ tweetId: TWEET, likes: 2 }]);
    });
  });
}
