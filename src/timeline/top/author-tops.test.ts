import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { partitionOf } from '#domain/events.ts';
import { WINDOWS } from '#domain/limits.ts';
import { TELLS_NOTHING } from '#platform/change-source.ts';
import { createMemoryTopListsBackend } from '../stores/memory/top-lists.ts';
import { openSqliteTopListsStore } from '../stores/sqlite/top-lists.ts';
import { createAuthorTops } from './author-tops.ts';
import type { TopListsStore, TopPatch } from './top-lists-store.ts';

// All of one partition: they change in one commit, and a rebuild takes all of them along.
const AUTHORS = [1, 17, 33];
const PARTITION = partitionOf(AUTHORS[0]!);
const tweetOf = (index: number) => 1_000 + index;

const author = fc.constantFrom(...AUTHORS);
const rank = fc.tuple(fc.nat(5), fc.nat(3)).map(([index, likes]) => ({
  author: AUTHORS[index % AUTHORS.length]!,
  tweetId: tweetOf(index),
  likes,
}));
const patch: fc.Arbitrary<TopPatch> = fc.record({
  ranks: fc.array(rank, { maxLength: 3 }),
  gone: fc.array(rank, { maxLength: 1 }),
  authors: fc.array(fc.record({ author, followers: fc.nat(9), listed: fc.boolean() }), { maxLength: 1 }),
});
type Act = { type: 'commit' | 'rebuild'; patch: TopPatch };
const act: fc.Arbitrary<Act> = fc.record({
  type: fc.constantFrom('commit' as const, 'commit', 'commit', 'rebuild'),
  patch,
});

async function perform({ view }: TopListsStore, { type, patch }: Act): Promise<void> {
  const partition = PARTITION;
  const { epoch, live } = await view.load(partition);
  const { generation, positions: expected } = live;
  if (type === 'commit') {
    assert.ok(await view.commit({ partition, epoch, generation, expected, next: expected, patch }));
    return;
  }
  await view.beginRebuild({ partition, epoch, positions: {} });
  const { building } = await view.load(partition);
  const scan = { partition, epoch, generation: building!.generation };
  assert.ok(await view.commitScan({ ...scan, patch, expectedCursor: '', cursor: null }));
  assert.ok(await view.swap(scan));
}

const OPENED = {
  'on SQLite': () => openSqliteTopListsStore({ path: ':memory:' }),
  'in memory': () => createMemoryTopListsBackend().open(),
};

describe('kept tops of authors', () => {
  for (const [where, open] of Object.entries(OPENED)) {
    test(`are what the store says now, whatever was committed or rebuilt since, ${where}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(act, { maxLength: 20, size: 'max' }), async (acts) => {
          const store = open();
          await store.view.claim(PARTITION);
          const kept = createAuthorTops({ store });
          const fresh = createAuthorTops({ store: { ...store, changes: TELLS_NOTHING } });
          for (const each of acts) {
            await perform(store, each);
            for (const window of WINDOWS) {
              const request = { authors: AUTHORS, window, windowStart: tweetOf(0) };
              assert.deepEqual(await kept.best(request), await fresh.best(request));
            }
          }
          await store.close();
        }),
        { numRuns: 60 },
      );
    });
  }

  test('are read once for each window', async () => {
    const store = openSqliteTopListsStore({ path: ':memory:' });
    let reads = 0;
    const counting: TopListsStore = {
      ...store,
      authorTops(request) {
        reads += request.authors.length;
        return store.authorTops(request);
      },
    };
    const tops = createAuthorTops({ store: counting });
    for (let time = 0; time < 2; time++) {
      for (const window of WINDOWS) await tops.best({ authors: AUTHORS, window, windowStart: tweetOf(0) });
    }
    assert.equal(reads, AUTHORS.length * WINDOWS.length);
    await store.db.close();
  });
});
