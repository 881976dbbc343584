/**
 * What every tweets store promises, run with two handles open on one backend: what one writes, the other reads at
 * once. The second half is in `testing/store-model.ts`: random histories against a model.
 * Whether what is durable survives a crash is asked of SQLite alone, in `sqlite.test.ts`: memory survives none.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { PARTITIONS, partitionOf } from '#domain/events.ts';
import type { Log } from '#queue/log.ts';
import { commentOf, eventsOf, insertOf, NOW, recordOf, type TweetsBackend } from '../testing/samples.ts';
import { describeAgainstModel } from '../testing/store-model.ts';
import type { OpenedTweetsStore, TweetInsert, TweetsStore } from '../tweets-store.ts';

const ANN = 11;
const BOB = 12;
const deletion = { by: 'author', now: NOW, traceId: 'trace' } as const;
const idOf = (record: { id: number }) => record.id;

export function describeTweetsStore(name: string, create: () => Promise<TweetsBackend>): void {
  describe(`tweets store ${name}`, () => {
    let backend: TweetsBackend;
    let one: TweetsStore;
    let two: TweetsStore;
    let log: Log;
    let handles: OpenedTweetsStore[];
    beforeEach(async () => {
      backend = await create();
      handles = [await backend.open(), await backend.open()];
      one = handles[0]!;
      two = handles[1]!;
      log = handles[1]!.log;
    });
    afterEach(async () => {
      for (const handle of handles) await handle.close();
      await backend.remove();
    });
    const post = (id: number, author = ANN) => one.insertTweet(insertOf(recordOf(id, author)));
    const liveIds = async (ids: number[]) => (await two.get({ ids })).map(idOf).sort((a, b) => a - b);
    const countOf = async (author: number) => (await two.counts({ authors: [author] }))[0]!.count;
    const tailOf = (more: object = {}) =>
      two.tails({ authors: [ANN], before: null, atLeast: 0, afterPositions: null, limit: 10, ...more });

    describe('a tweet', () => {
      const full = recordOf(9, ANN, {
        quoteOf: 4,
        lang: 'fr',
        labels: ['nsfw'],
        appId: 'app',
        content: 'é @bob #tag https://a.com 👨‍👩‍👧‍👦',
        entities: {
          mentions: [{ start: 2, end: 6, handle: 'bob', userId: BOB }],
          hashtags: [{ start: 7, end: 11, tag: 'tag' }],
          links: [{ start: 12, end: 25, url: 'https://a.com' }],
        },
        images: [{ image: 'a.png', width: 3, height: 2, alt: 'a "b"' }],
      });
      test('is kept with everything in it', async () => {
        await one.insertTweet(insertOf(full));
        assert.deepEqual(await two.get({ ids: [9] }), [full]);
        assert.deepEqual(await two.authorsOf({ ids: [9, 10] }), [{ id: 9, author: ANN, deleted: false }]);
      });
      test('is counted, listed and announced in the same commit', async () => {
        assert.deepEqual(await post(9), { outcome: 'inserted', tweetId: 9 });
        assert.equal(await countOf(ANN), 1);
        assert.deepEqual(await two.byAuthor({ author: ANN, before: null, limit: 5 }), [9]);
        const [event, ...none] = await eventsOf(log);
        assert.deepEqual(none, []);
        const { type, key, entityId, entityVersion, actorId, itemId, sequence, time, traceId } = event!;
        assert.deepEqual({ type, key, entityId }, { type: 'tweet.posted', key: ANN, entityId: 9 });
        assert.deepEqual({ entityVersion, actorId, itemId }, { entityVersion: 1, actorId: ANN, itemId: 0 });
        assert.deepEqual({ sequence, time, traceId }, { sequence: 1, time: full.time, traceId: 'trace' });
      });
    });

    describe('an idempotency key', () => {
      const keyed = (id: number, more: Partial<TweetInsert> = {}, author = ANN) =>
        insertOf(recordOf(id, author), { idempotency: { key: 'k', bodyHash: 'h' }, ...more });
      test('stands for the one tweet that came with it first, through any handle', async () => {
        assert.deepEqual(await one.insertTweet(keyed(1)), { outcome: 'inserted', tweetId: 1 });
        assert.deepEqual(await two.insertTweet(keyed(2)), { outcome: 'repeated', tweetId: 1 });
        assert.deepEqual(await liveIds([1, 2]), [1]);
        assert.equal(await countOf(ANN), 1);
        assert.equal((await eventsOf(log)).length, 1);
      });
      test('makes one tweet of a race', async () => {
        const inserts = [1, 2, 3, 4].map((id) => (id % 2 ? one : two).insertTweet(keyed(id)));
        const outcomes = await Promise.all(inserts);
        assert.equal(outcomes.filter(({ outcome }) => outcome === 'inserted').length, 1);
        assert.equal(new Set(outcomes.map((each) => 'tweetId' in each && each.tweetId)).size, 1);
        assert.equal(await countOf(ANN), 1);
      });
      test('refuses another body, and keeps nothing of it', async () => {
        await one.insertTweet(keyed(1));
        const other = keyed(2, { idempotency: { key: 'k', bodyHash: 'other' } });
        assert.deepEqual(await two.insertTweet(other), { outcome: 'mismatch' });
        assert.deepEqual(await liveIds([1, 2]), [1]);
      });
      test('belongs to its author alone', async () => {
        await one.insertTweet(keyed(1));
        assert.deepEqual(await one.insertTweet(keyed(2, {}, BOB)), { outcome: 'inserted', tweetId: 2 });
      });
      test('answers even after its tweet was deleted', async () => {
        await one.insertTweet(keyed(1));
        await one.removeTweet({ tweetId: 1, author: ANN, ...deletion });
        assert.deepEqual(await two.insertTweet(keyed(2)), { outcome: 'repeated', tweetId: 1 });
        assert.equal(await countOf(ANN), 0);
      });
      test('is forgotten when it is old, whether it was pruned or not', async () => {
        await one.insertTweet(keyed(1));
        const later = { now: NOW + 10, keysSince: NOW + 1 };
        assert.deepEqual(await two.insertTweet(keyed(2, later)), { outcome: 'inserted', tweetId: 2 });
        assert.deepEqual(await two.insertTweet(keyed(3, later)), { outcome: 'repeated', tweetId: 2 });
      });
      test('is pruned some at a time, the old ones only', async () => {
        for (const id of [1, 2, 3]) {
          await one.insertTweet(keyed(id, { idempotency: { key: `k${id}`, bodyHash: 'h' }, now: NOW + id }));
        }
        assert.equal(await two.pruneKeys({ before: NOW + 3, limit: 1 }), true);
        while (await two.pruneKeys({ before: NOW + 3, limit: 1 }));
        const again = (id: number) =>
          insertOf(recordOf(id + 10, ANN), { idempotency: { key: `k${id}`, bodyHash: 'h' }, keysSince: 0 });
        assert.equal((await one.insertTweet(again(3))).outcome, 'repeated');
        assert.equal((await one.insertTweet(again(1))).outcome, 'inserted');
        assert.equal((await one.insertTweet(again(2))).outcome, 'inserted');
      });
    });

    describe('deleting a tweet', () => {
      const remove = (tweetId: number, author = ANN) => one.removeTweet({ tweetId, author, ...deletion });
      test('ends it everywhere at once, with its event', async () => {
        await post(1);
        await post(2);
        assert.equal(await remove(1), 'removed');
        assert.deepEqual(await liveIds([1, 2]), [2]);
        assert.deepEqual(await two.byAuthor({ author: ANN, before: null, limit: 5 }), [2]);
        assert.deepEqual((await tailOf())[0]!.ids, [2]);
        assert.deepEqual((await two.scan({ after: 0, limit: 5 })).tweets, [{ id: 2, author: ANN }]);
        assert.equal(await countOf(ANN), 1);
        const last = (await eventsOf(log)).at(-1)!;
        const { type, key, entityId, entityVersion, sequence, time } = last;
        assert.deepEqual({ type, key, entityId }, { type: 'tweet.deleted', key: ANN, entityId: 1 });
        assert.deepEqual({ entityVersion, sequence, time }, { entityVersion: 2, sequence: 3, time: NOW });
      });
      test('keeps who wrote it', async () => {
        await post(1);
        await remove(1);
        assert.deepEqual(await two.authorsOf({ ids: [1] }), [{ id: 1, author: ANN, deleted: true }]);
      });
      test('again changes nothing', async () => {
        await post(1);
        await remove(1);
        assert.equal(await two.removeTweet({ tweetId: 1, author: ANN, ...deletion }), 'already');
        assert.equal((await eventsOf(log)).length, 2);
        assert.equal(await countOf(ANN), 0);
      });
      test("of another's, a comment's or no id at all changes nothing", async () => {
        await post(1);
        await one.insertComment(commentOf(2, ANN, 1));
        assert.equal(await remove(1, BOB), 'absent');
        assert.equal(await remove(2), 'absent');
        assert.equal(await remove(3), 'absent');
        assert.deepEqual(await liveIds([1, 2]), [1, 2]);
      });
      test('hides every comment on it at once, however many, and the sweeper finds an end', async () => {
        await post(1);
        await post(2);
        const comments = Array.from({ length: 250 }, (_, index) => 1_000 + index);
        await Promise.all(comments.map((id) => one.insertComment(commentOf(id, BOB, 1))));
        await one.insertComment(commentOf(5, BOB, 2));
        await remove(1);
        assert.deepEqual(await liveIds([5, ...comments]), [5]);
        const written = await two.authorsOf({ ids: comments });
        assert.equal(written.length, 250);
        assert.ok(written.every((comment) => comment.deleted && comment.author === BOB));
        let steps = 1;
        while (await two.sweepComments({ limit: 40, now: NOW })) steps++;
        assert.ok(steps <= 8, 'bounded, and done');
        assert.equal(await one.sweepComments({ limit: 40, now: NOW }), false);
        assert.deepEqual(await liveIds([5, ...comments]), [5]);
      });
    });

    describe('a comment', () => {
      test('is read like a tweet, but neither listed, counted, scanned nor announced', async () => {
        await post(1);
        assert.equal(await one.insertComment(commentOf(2, BOB, 1)), 'inserted');
        assert.deepEqual(await two.get({ ids: [2] }), [commentOf(2, BOB, 1)]);
        assert.equal(await countOf(BOB), 0);
        assert.deepEqual(await two.byAuthor({ author: BOB, before: null, limit: 5 }), []);
        assert.deepEqual(await tailOf({ authors: [BOB] }), []);
        assert.deepEqual((await two.scan({ after: 0, limit: 5 })).tweets, [{ id: 1, author: ANN }]);
        assert.equal((await eventsOf(log)).length, 1);
      });
      test('written again changes nothing, whatever became of it', async () => {
        await post(1);
        await one.insertComment(commentOf(2, BOB, 1));
        const other = { ...commentOf(2, BOB, 1), content: 'other' };
        assert.equal(await two.insertComment(other), 'repeated');
        assert.equal((await two.get({ ids: [2] }))[0]!.content, 'text 2');
        await one.removeComments({ commentIds: [2], by: 'author', now: NOW });
        assert.equal(await two.insertComment(other), 'repeated');
        assert.deepEqual(await liveIds([2]), []);
      });
      test('on what is gone, never was, or is a comment is refused', async () => {
        await post(1);
        await one.insertComment(commentOf(2, BOB, 1));
        await one.removeTweet({ tweetId: 1, author: ANN, ...deletion });
        for (const [id, target] of [
          [3, 1],
          [4, 2],
          [5, 99],
        ] as const) {
          assert.equal(await two.insertComment(commentOf(id, BOB, target)), 'no_tweet');
        }
        assert.deepEqual(await two.authorsOf({ ids: [3, 4, 5] }), []);
      });
      test('removed is gone, removed again too, and a tweet among them is passed over', async () => {
        await post(1);
        await one.insertComment(commentOf(2, BOB, 1));
        for (const store of [one, two]) {
          await store.removeComments({ commentIds: [1, 2], by: 'author', now: NOW });
        }
        assert.deepEqual(await liveIds([1, 2]), [1]);
        assert.deepEqual(await two.authorsOf({ ids: [2] }), [{ id: 2, author: BOB, deleted: true }]);
        assert.equal((await eventsOf(log)).length, 1);
      });
      test('removed before it was written stays removed', async () => {
        await post(1);
        await one.removeComments({ commentIds: [2], by: 'author', now: NOW });
        assert.deepEqual(await two.authorsOf({ ids: [2] }), []);
        assert.equal(await two.insertComment(commentOf(2, BOB, 1)), 'repeated');
        assert.deepEqual(await liveIds([2]), []);
      });
    });

    describe('lists', () => {
      beforeEach(async () => {
        // Ids commit out of order, as those of two processes do.
        for (const id of [30, 10, 50, 20, 40]) await post(id);
        await post(35, BOB);
      });
      test("of an author are newest first, from below an id, one's own only", async () => {
        assert.deepEqual(await two.byAuthor({ author: ANN, before: null, limit: 3 }), [50, 40, 30]);
        assert.deepEqual(await two.byAuthor({ author: ANN, before: 30, limit: 3 }), [20, 10]);
        assert.deepEqual(await two.byAuthor({ author: 99, before: null, limit: 3 }), []);
      });
      test('of many authors come a tail each, without those who have none', async () => {
        const tails = await tailOf({ authors: [99, BOB, ANN], limit: 2 });
        const sorted = tails.sort((a, b) => a.author - b.author);
        assert.deepEqual(sorted, [
          { author: ANN, ids: [50, 40], truncated: true },
          { author: BOB, ids: [35], truncated: false },
        ]);
      });
      test('of tails keep between their bounds, and say exactly whether there is more', async () => {
        assert.deepEqual(await tailOf({ before: 50, atLeast: 20 }), [
          { author: ANN, ids: [40, 30, 20], truncated: false },
        ]);
        assert.deepEqual(await tailOf({ before: 50, atLeast: 20, limit: 3 }), [
          { author: ANN, ids: [40, 30, 20], truncated: false },
        ]);
        assert.deepEqual(await tailOf({ before: 50, atLeast: 20, limit: 2 }), [
          { author: ANN, ids: [40, 30], truncated: true },
        ]);
        assert.deepEqual(await tailOf({ before: 10 }), []);
      });
      test('of tails since a position hold what was committed after it, whatever its id', async () => {
        const partition = partitionOf(ANN);
        const records = await log.read({ topic: 'tweets', partition, after: 0, limit: 100 });
        const positionOf = new Map(records.map(({ position, event }) => [event.entityId, position]));
        const since = (id: number | null, more: object = {}) => {
          const afterPositions = Array.from({ length: PARTITIONS }, () => 1_000_000);
          afterPositions[partition] = id === null ? 0 : positionOf.get(id)!;
          return tailOf({ afterPositions, ...more });
        };
        assert.deepEqual((await since(null))[0]!.ids, [50, 40, 30, 20, 10]);
        assert.deepEqual((await since(30))[0]!.ids, [50, 40, 20, 10]);
        assert.deepEqual((await since(50))[0]!.ids, [40, 20]);
        assert.deepEqual(await since(50, { limit: 1 }), [{ author: ANN, ids: [40], truncated: true }]);
        assert.deepEqual((await since(50, { before: 40 }))[0]!.ids, [20]);
        assert.deepEqual(await since(40), []);
        await one.removeTweet({ tweetId: 20, author: ANN, ...deletion });
        assert.deepEqual((await since(50))[0]!.ids, [40]);
      });
      test('of counts name everybody asked for', async () => {
        const counts = await two.counts({ authors: [BOB, ANN, 99] });
        assert.deepEqual(
          counts.sort((a, b) => a.author - b.author),
          [
            { author: ANN, count: 5 },
            { author: BOB, count: 1 },
            { author: 99, count: 0 },
          ],
        );
      });
      test('of everything go by id, over what is deleted, and end', async () => {
        await one.insertComment(commentOf(36, BOB, 35));
        await one.removeTweet({ tweetId: 20, author: ANN, ...deletion });
        const ids: number[] = [];
        let after: number | null = 0;
        while (after !== null) {
          const page = await two.scan({ after, limit: 2 });
          assert.ok(page.tweets.length <= 2);
          ids.push(...page.tweets.map(idOf));
          after = page.next;
        }
        assert.deepEqual(ids, [10, 30, 35, 40, 50]);
      });
    });

    describe('erasing an author', () => {
      test('ends everything they wrote, some at a time, and tells their images', async () => {
        const images = [{ image: 'a.png', width: 1, height: 1, alt: '' }];
        for (const id of [1, 2, 3]) await one.insertTweet(insertOf(recordOf(id, ANN, { images })));
        await post(4, BOB);
        await one.insertComment(commentOf(5, ANN, 4));
        await one.insertComment(commentOf(6, BOB, 1));
        const media = new Set<string>();
        let calls = 0;
        for (let done = false; !done; calls++) {
          const erased = await two.eraseAuthor({ author: ANN, limit: 2, ...deletion, by: 'erasure' });
          for (const image of erased.media) media.add(image);
          done = erased.done;
        }
        assert.equal(calls, 3);
        assert.deepEqual([...media], ['a.png']);
        assert.deepEqual(await liveIds([1, 2, 3, 4, 5, 6]), [4]);
        assert.equal(await countOf(ANN), 0);
        assert.equal(await countOf(BOB), 1);
        const deleted = (await eventsOf(log)).filter((event) => event.type === 'tweet.deleted');
        assert.deepEqual(deleted.map((event) => event.entityId).sort(), [1, 2, 3]);
      });
      test('forgets their idempotency keys, and erasing again finds nothing', async () => {
        const keyed = (id: number) =>
          insertOf(recordOf(id, ANN), { idempotency: { key: 'k', bodyHash: 'h' } });
        await one.insertTweet(keyed(1));
        const request = { author: ANN, limit: 10, ...deletion, by: 'erasure' } as const;
        assert.deepEqual(await one.eraseAuthor(request), { done: true, media: [] });
        assert.deepEqual(await two.eraseAuthor(request), { done: true, media: [] });
        assert.equal((await two.insertTweet(keyed(2))).outcome, 'inserted');
      });
    });
  });
  describeAgainstModel(name, create);
}
