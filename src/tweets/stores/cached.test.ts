import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { TextId } from '#domain/ids.ts';
import type { TweetRecord } from '#domain/records.ts';
import { createInThreadDisk } from '#platform/sqlite/in-thread-disk.ts';
import { commentOf, insertOf, recordOf } from '../testing/samples.ts';
import type { TweetsStore } from '../tweets-store.ts';
import { createCachedTweetsStore } from './cached.ts';
import { openSqliteTweetsStore, type SqliteTweetsStore } from './sqlite.ts';
import { describeTweetsStore } from './tweets-store.conformance.ts';

const openSoleOwner = (directory: string) =>
  openSqliteTweetsStore({ path: join(directory, 'tweets.db'), disk: createInThreadDisk() });

// Both handles are the one store of the one process that may have a cache.
describeTweetsStore('with a cache', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'warble-tweets-'));
  const inner = openSoleOwner(directory);
  const store = createCachedTweetsStore({ store: inner, maxRecords: 8 });
  return {
    open: async () => ({ ...inner, ...store }),
    remove: async () => rmSync(directory, { recursive: true }),
  };
});

// Two processes, of which neither hears of the other's commits: nothing may be kept.
describeTweetsStore('with a cache on each of two handles', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'warble-tweets-'));
  return {
    async open() {
      const store = openSqliteTweetsStore({ path: join(directory, 'tweets.db') });
      return { ...store, ...createCachedTweetsStore({ store }) };
    },
    remove: async () => rmSync(directory, { recursive: true }),
  };
});

const ANN = 11;
const deletion = { by: 'author', now: 5, traceId: '' } as const;

describe('the cache of tweets', () => {
  let directory: string;
  let inner: SqliteTweetsStore;
  let reads: number[][];
  /** When set, what was read is handed over only after it has settled. */
  let gate: Promise<void> | undefined;
  let cached: TweetsStore;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'warble-tweets-'));
    inner = openSoleOwner(directory);
    reads = [];
    gate = undefined;
    const slow: TweetsStore = {
      ...inner,
      async get<Id extends TextId>({ ids }: { ids: readonly Id[] }) {
        reads.push([...ids]);
        const records: TweetRecord<Id>[] = await inner.get({ ids });
        await gate;
        return records;
      },
    };
    cached = createCachedTweetsStore({ store: slow });
  });
  afterEach(async () => {
    await inner.db.close();
    rmSync(directory, { recursive: true });
  });
  const ids = async (...wanted: number[]) => (await cached.get({ ids: wanted })).map(({ id }) => id).sort();

  test('reads a record once', async () => {
    await cached.insertTweet(insertOf(recordOf(1, ANN)));
    await cached.insertTweet(insertOf(recordOf(2, ANN)));
    assert.deepEqual(await ids(1), [1]);
    assert.deepEqual(await ids(1, 2), [1, 2]);
    assert.deepEqual(await ids(1, 2), [1, 2]);
    assert.deepEqual(reads, [[1], [2]]);
  });

  test('serves a deleted tweet no more, from the answer on', async () => {
    await cached.insertTweet(insertOf(recordOf(1, ANN)));
    await ids(1);
    await cached.removeTweet({ tweetId: 1, author: ANN, ...deletion });
    assert.deepEqual(await ids(1), []);
  });

  test('serves it no more even to who reads in the very turn of the commit', async () => {
    await cached.insertTweet(insertOf(recordOf(1, ANN)));
    await ids(1);
    let seen: Promise<number[]> | undefined;
    inner.db.onCommit(() => {
      seen = ids(1);
    });
    await cached.removeTweet({ tweetId: 1, author: ANN, ...deletion });
    assert.deepEqual(await seen, []);
  });

  test('is not brought to serve it again by a fill that was slow', async () => {
    await cached.insertTweet(insertOf(recordOf(1, ANN)));
    await cached.insertTweet(insertOf(recordOf(2, ANN)));
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const early = ids(1, 2);
    await cached.removeTweet({ tweetId: 1, author: ANN, ...deletion });
    open();
    await early;
    gate = undefined;
    assert.deepEqual(await ids(1, 2), [2]);
    assert.deepEqual(reads, [[1, 2], [1]], 'the other one was kept');
  });

  test('serves a comment only beside its tweet', async () => {
    await cached.insertTweet(insertOf(recordOf(1, ANN)));
    await cached.insertComment(commentOf(2, 12, 1));
    await ids(1);
    await ids(2);
    reads.length = 0;
    assert.deepEqual(await ids(2), [2]);
    assert.deepEqual(reads, [], 'both are here');
    await cached.removeTweet({ tweetId: 1, author: ANN, ...deletion });
    assert.deepEqual(await ids(2), []);
  });

  test('hides comments that a slow fill brought after their tweet was deleted', async () => {
    await cached.insertTweet(insertOf(recordOf(1, ANN)));
    const comments = Array.from({ length: 120 }, (_, index) => 1_000 + index);
    await Promise.all(comments.map((id) => cached.insertComment(commentOf(id, 12, 1))));
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const early = ids(1, ...comments);
    await cached.removeTweet({ tweetId: 1, author: ANN, ...deletion });
    open();
    await early;
    gate = undefined;
    assert.deepEqual(await ids(1, ...comments), [], 'those not yet overwritten too');
  });

  test('hands out records that nobody can change for the others', async () => {
    const entities = {
      mentions: [{ start: 0, end: 4, handle: 'bob', userId: 12 }],
      hashtags: [],
      links: [],
    };
    await cached.insertTweet(insertOf(recordOf(1, ANN, { entities })));
    const [record] = await cached.get({ ids: [1] });
    assert.throws(() => Object.assign(record!, { content: 'x' }), TypeError);
    assert.throws(() => Object.assign(record!.entities.mentions[0]!, { userId: 1 }), TypeError);
    assert.throws(() => record!.images.push({ image: 'x', width: 1, height: 1, alt: '' }), TypeError);
  });
});
