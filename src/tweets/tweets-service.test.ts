import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, type Mock, mock, test } from 'node:test';
import { isWarbleError, WarbleError } from '#domain/errors.ts';
import { type CommentId, snowflakeTime, type TweetId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import { createManualClock, type ManualClock } from '#platform/clock.ts';
import { createMinter, type Minter } from '#platform/ids/minter.ts';
import { createSteadyClock } from '#platform/steady-clock.ts';
import { createIdempotencyPruner } from './idempotency-pruner.ts';
import { createOrphanCommentSweeper } from './orphan-comment-sweeper.ts';
import { createCachedTweetsStore } from './stores/cached.ts';
import { openSqliteTweetsStore, type SqliteTweetsStore } from './stores/sqlite.ts';
import type { NewTweet, Tweets } from './tweets.ts';
import { createTweetsService, type HandleLookup } from './tweets-service.ts';

const ANN = 11;
const BOB = 12;
const USERS = [
  { handle: 'ann', userId: ANN },
  { handle: 'BOB', userId: BOB },
];
const HOUR_MS = 3_600_000;

describe('the tweets service', () => {
  let directory: string;
  let clock: ManualClock;
  let minter: Minter;
  let store: SqliteTweetsStore;
  let lookup: Mock<HandleLookup['lookup']>;
  let tweets: Tweets;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'warble-tweets-'));
    clock = createManualClock(Date.UTC(2026, 0, 21));
    minter = createMinter({ clock: createSteadyClock(clock) });
    store = openSqliteTweetsStore({ path: join(directory, 'tweets.db') });
    lookup = mock.fn(async ({ handles }) =>
      USERS.filter(({ handle }) => handles.includes(handle.toLowerCase())),
    );
    tweets = createTweetsService({
      store: createCachedTweetsStore({ store }),
      social: { lookup },
      minter,
      clock,
    });
  });
  afterEach(async () => {
    await store.db.close();
    rmSync(directory, { recursive: true });
  });

  const draft = (content: string, more: Partial<NewTweet> = {}): NewTweet => ({
    author: ANN,
    content,
    images: [],
    appId: null,
    idempotency: null,
    traceId: '',
    ...more,
  });
  const post = (content: string, more: Partial<NewTweet> = {}) => tweets.post(draft(content, more));
  const comment = async (commentId: CommentId, tweetId: TweetId, content = 'c') =>
    tweets.writeComment({ commentId, author: BOB, tweetId, ...(await tweets.parseText({ content })) });
  const read = async (id: number) => (await tweets.get({ ids: [id] }))[0];
  const refusedAs = (code: string) => (error: unknown) => isWarbleError(error) && error.code === code;

  describe('posting', () => {
    test('keeps the text by the rule, with what it names and the images, at the moment in its id', async () => {
      const images = [{ image: 'a.png', width: 3, height: 2, alt: 'A bird' }];
      const { tweetId, time } = await post(' Cafe\u0301\r\n@Bob @nobody #tag https://a.com ', {
        images,
        appId: 'web',
      });
      assert.equal(time, snowflakeTime(tweetId));
      assert.equal(time, clock.now());
      const content = 'Café\n@Bob @nobody #tag https://a.com';
      assert.deepEqual(await read(tweetId), {
        id: tweetId,
        author: ANN,
        kind: 'tweet',
        parentId: null,
        rootId: null,
        quoteOf: null,
        visibility: 'public',
        version: 1,
        lang: null,
        labels: [],
        appId: 'web',
        content,
        entities: {
          mentions: [
            { start: 5, end: 9, handle: 'Bob', userId: BOB },
            { start: 10, end: 17, handle: 'nobody', userId: null },
          ],
          hashtags: [{ start: 18, end: 22, tag: 'tag' }],
          links: [{ start: 23, end: 36, url: 'https://a.com' }],
        },
        images,
        time,
      });
    });
    test('names nobody by what every object has', async () => {
      const { tweetId } = await post('@constructor @__proto__ @toString');
      const { mentions } = (await read(tweetId))!.entities;
      assert.deepEqual(
        mentions.map((mention) => mention.userId),
        [null, null, null],
      );
    });
    test('asks once who has the handles, each named once, and not at all where there are none', async () => {
      await post('@Bob @bob @ann, hello');
      assert.deepEqual(lookup.mock.calls[0]!.arguments, [{ handles: ['bob', 'ann'] }]);
      await post('nobody is @ home');
      await assert.rejects(post(`@bob ${'x'.repeat(LIMITS.textGraphemes)}`), refusedAs('invalid_text'));
      assert.equal(lookup.mock.callCount(), 1);
    });
    test('keeps nothing when social does not answer', async () => {
      lookup.mock.mockImplementation(() => Promise.reject(new WarbleError('unavailable', 'Not now.')));
      await assert.rejects(post('@bob hello'), refusedAs('unavailable'));
      assert.deepEqual(await tweets.counts({ authors: [ANN] }), [{ author: ANN, count: 0 }]);
      await post('hello');
    });
    test('refuses a text with the reason, before anything is kept; images do not excuse it', async () => {
      const images = [{ image: 'a.png', width: 3, height: 2, alt: '' }];
      for (const content of ['', ' ', '\u200d', 'x'.repeat(LIMITS.textGraphemes + 1), 'a\u202eb', '\ud800']) {
        await assert.rejects(post(content, { images }), (error) => {
          assert.ok(isWarbleError(error, 'invalid_text'));
          assert.equal(error.errors?.[0]?.pointer, '#/content');
          return true;
        });
      }
      assert.deepEqual(await tweets.counts({ authors: [ANN] }), [{ author: ANN, count: 0 }]);
    });
    test('refuses a fifth image', async () => {
      const images = Array.from({ length: 5 }, () => ({ image: 'a.png', width: 1, height: 1, alt: '' }));
      await assert.rejects(post('five', { images }), refusedAs('invalid_request'));
      await post('four', { images: images.slice(1) });
    });
  });

  describe('an idempotency key', () => {
    const idempotency = { key: 'k', bodyHash: 'h' };
    test('gives the first answer again, time and all', async () => {
      const first = await post('one', { idempotency });
      clock.advance(23 * HOUR_MS);
      assert.deepEqual(await post('one', { idempotency }), first);
      assert.equal((await tweets.byAuthor({ author: ANN, before: null, limit: 9 })).ids.length, 1);
    });
    test('with another body is a mismatch', async () => {
      await post('one', { idempotency });
      const other = { idempotency: { key: 'k', bodyHash: 'other' } };
      await assert.rejects(post('two', other), refusedAs('idempotency_mismatch'));
    });
    test('counts for 24 hours, and its worker then frees the room', async () => {
      const pruner = createIdempotencyPruner({ store, clock });
      const kept = () => store.db.prepare('SELECT count(*) AS n FROM idempotency_keys').get()!.n;
      const first = await post('one', { idempotency });
      clock.advance(24 * HOUR_MS);
      assert.equal(await pruner.step(), false);
      assert.equal(kept(), 1);
      assert.deepEqual(await post('one', { idempotency }), first);
      clock.advance(1);
      await pruner.step();
      assert.equal(kept(), 0);
      assert.notDeepEqual(await post('one', { idempotency }), first);
    });
  });

  describe('deleting', () => {
    test("one's own is done at once, and again is a success", async () => {
      const { tweetId } = await post('one');
      await read(tweetId);
      for (let times = 0; times < 2; times++) {
        await tweets.remove({ tweetId, author: ANN, by: 'author', traceId: '' });
        assert.equal(await read(tweetId), undefined);
      }
      assert.deepEqual(await tweets.authorsOf({ ids: [tweetId] }), [
        { id: tweetId, author: ANN, deleted: true },
      ]);
    });
    test("another's, a comment or what never was is not found", async () => {
      const { tweetId } = await post('one');
      const commentId = minter.mint({ owner: ANN, kind: 'comment' });
      await comment(commentId, tweetId);
      for (const [id, author] of [
        [tweetId, BOB],
        [commentId as number, BOB],
        [77, ANN],
      ] as const) {
        const removal = tweets.remove({ tweetId: id, author, by: 'author', traceId: '' });
        await assert.rejects(removal, refusedAs('not_found'));
      }
      assert.notEqual(await read(tweetId), undefined);
    });
    test('hides its comments at once, and the sweeper overwrites their texts', async () => {
      const { tweetId } = await post('one');
      const comments = Array.from({ length: 700 }, () => minter.mint({ owner: ANN, kind: 'comment' }));
      await Promise.all(comments.map((commentId) => comment(commentId, tweetId)));
      assert.equal((await tweets.get({ ids: comments })).length, 700);
      await tweets.remove({ tweetId, author: ANN, by: 'author', traceId: '' });
      assert.deepEqual(await tweets.get({ ids: comments }), []);
      const left = () =>
        store.db.prepare("SELECT count(*) AS n FROM tweets WHERE content != ''").get()!.n as number;
      assert.ok(left() > 0, 'bounded: the deletion did not do them all');
      const sweeper = createOrphanCommentSweeper({ store, clock });
      while (await sweeper.step());
      assert.equal(left(), 0);
    });
  });

  describe('comments', () => {
    test('are checked by the same rule, and kept with what they name', async () => {
      const { tweetId } = await post('one');
      const { content: normalised } = await tweets.parseText({ content: ' a\r\nb ' });
      assert.equal(normalised, 'a\nb');
      await assert.rejects(tweets.parseText({ content: '\u2800' }), refusedAs('invalid_text'));
      const commentId = minter.mint({ owner: ANN, kind: 'comment' });
      await comment(commentId, tweetId, 'hi @ann ');
      await comment(commentId, tweetId, 'again');
      const record = (await read(commentId))!;
      const { kind, parentId, rootId, author, content, time } = record;
      assert.deepEqual(
        { kind, parentId, rootId, author, content, time },
        {
          kind: 'comment',
          parentId: tweetId,
          rootId: tweetId,
          author: BOB,
          content: 'hi @ann',
          time: snowflakeTime(commentId),
        },
      );
      assert.equal(record.entities.mentions[0]!.userId, ANN);
    });
    test('on a tweet that is gone are not found', async () => {
      const { tweetId } = await post('one');
      await tweets.remove({ tweetId, author: ANN, by: 'author', traceId: '' });
      const commentId = minter.mint({ owner: ANN, kind: 'comment' });
      await assert.rejects(comment(commentId, tweetId, 'late'), refusedAs('not_found'));
    });
    test('removed are gone, and removing nothing is a success', async () => {
      const { tweetId } = await post('one');
      const commentId = minter.mint({ owner: ANN, kind: 'comment' });
      await comment(commentId, tweetId);
      await read(commentId);
      await tweets.removeComments({ commentIds: [commentId], by: 'author' });
      await tweets.removeComments({ commentIds: [], by: 'author' });
      assert.equal(await read(commentId), undefined);
    });
  });

  test('erasing an author leaves nothing of theirs, and others alone', async () => {
    const images = [{ image: 'a.png', width: 1, height: 1, alt: '' }];
    await post('one', { images });
    await post('two');
    const { tweetId } = await post('three', { author: BOB });
    const media: string[] = [];
    for (let done = false; !done; ) {
      const erased = await tweets.eraseAuthor({ author: ANN, limit: 1, traceId: '' });
      media.push(...erased.media);
      done = erased.done;
    }
    assert.deepEqual(media, ['a.png']);
    assert.deepEqual(await tweets.counts({ authors: [ANN, BOB] }), [
      { author: ANN, count: 0 },
      { author: BOB, count: 1 },
    ]);
    assert.notEqual(await read(tweetId), undefined);
  });

  test('one call takes at most 1,000 ids', async () => {
    const ids = Array.from({ length: 1_001 }, (_, index) => index + 1);
    const tail = { authors: ids, before: null, atLeast: 0, afterPositions: null, limit: 1 };
    const calls = [
      () => tweets.get({ ids }),
      () => tweets.authorsOf({ ids }),
      () => tweets.counts({ authors: ids }),
      () => tweets.tails(tail),
      () => tweets.removeComments({ commentIds: ids, by: 'author' }),
    ];
    for (const call of calls) await assert.rejects(call(), refusedAs('invalid_request'));
    assert.deepEqual(await tweets.get({ ids: ids.slice(1) }), []);
  });
});
