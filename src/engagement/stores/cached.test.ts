import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createInThreadDisk } from '#platform/sqlite/in-thread-disk.ts';
import type { EngagementStore } from '../engagement-store.ts';
import { AUTHOR, newEngagement, removal, summary, TWEET } from '../testing/store-kit.ts';
import { createCachedEngagementStore } from './cached.ts';
import { openSqliteEngagementStore, type SqliteEngagementStore } from './sqlite.ts';

describe('the cache of engagement', () => {
  let directory: string;
  let plain: SqliteEngagementStore;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'warble-engagement-'));
    plain = openSqliteEngagementStore({
      path: join(directory, 'engagement.db'),
      disk: createInThreadDisk(),
    });
  });
  afterEach(async () => {
    await plain.db.close();
    rmSync(directory, { recursive: true });
  });

  test('warm tweets are answered without asking the store', async () => {
    let asked = 0;
    const counting: SqliteEngagementStore = {
      ...plain,
      summaries(request) {
        asked++;
        return plain.summaries(request);
      },
    };
    const store = createCachedEngagementStore({ store: counting });
    await store.addLike(newEngagement(1));
    for (const viewer of [null, 1, 2, 1]) await summary(store, viewer);
    assert.equal(asked, 1);
    await store.removeLike(removal(1));
    assert.equal((await summary(store, 1)).likeCount, 0);
    assert.equal(asked, 2);
  });

  test('a reader of an event finds what it says', async () => {
    const store = createCachedEngagementStore({ store: plain });
    const seen: Promise<number>[] = [];
    // As a worker that a commit wakes would: in the turn of the commit, before the write is answered.
    plain.db.onCommit(() => seen.push(summary(store).then((found) => found.likeCount)));
    await summary(store);
    for (const actor of [1, 2, 3]) await store.addLike(newEngagement(actor));
    assert.deepEqual(await Promise.all(seen), [1, 2, 3]);
  });

  test('a fill that a commit overtook is not kept', async () => {
    let release = (): void => undefined;
    const slow: SqliteEngagementStore = {
      ...plain,
      async summaries(request) {
        const old = await plain.summaries(request);
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        return old;
      },
    };
    const store: EngagementStore = createCachedEngagementStore({ store: slow });
    const early = summary(store);
    await new Promise(setImmediate);
    await store.addLike(newEngagement(1));
    release();
    assert.equal((await early).likeCount, 0);
    const late = summary(store);
    await new Promise(setImmediate);
    release();
    assert.equal((await late).likeCount, 1);
  });

  test('a write that failed leaves nothing behind', async () => {
    const store = createCachedEngagementStore({ store: plain });
    await summary(store);
    await plain.db.write(() => plain.db.prepare('DROP TABLE outbox').run());
    await assert.rejects(store.addLike(newEngagement(1)));
    assert.equal((await summary(store)).likeCount, 0);
    assert.deepEqual(await store.likes({ tweetId: TWEET, before: null, limit: 5 }), []);
    assert.equal(
      (await store.scan({ after: 0, limit: 5 })).filter((item) => item.author === AUTHOR).length,
      0,
    );
  });
});
