import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TELLS_NOTHING } from '#platform/change-source.ts';
import type { ViewStore } from '#queue/view.ts';
import { applyChanges } from './apply-changes.ts';
import { createDirtySet, withDirtySet } from './dirty-set.ts';
import { createTopKIndex } from './top-k-index.ts';
import type { AuthorFacts, TopListsStore, TopPatch } from './top-lists-store.ts';

const SIZE = { shown: 2, kept: 3, max: 4, low: 3 };
const NEVER = async (): Promise<never> => assert.fail('not to be called');

function facts(author: number, followers: number, listed = true): AuthorFacts {
  return { author, followers, listed };
}

/** A store with rows and authors in memory. */
function storeOf(
  rows: Map<number, { author: number; likes: number }>,
  authors: AuthorFacts[],
): TopListsStore {
  return {
    changes: TELLS_NOTHING,
    view: {
      load: NEVER,
      claim: NEVER,
      commit: NEVER,
      beginRebuild: NEVER,
      commitScan: NEVER,
      swap: NEVER,
      dropOld: NEVER,
      onLost() {},
    },
    keepTops: NEVER,
    keptTops: NEVER,
    byLikes: NEVER,
    byTime: NEVER,
    rows: async ({ tweets }) =>
      tweets.flatMap(({ tweetId, author }) => {
        const row = rows.get(tweetId);
        return row === undefined ? [] : [{ tweetId, author, likes: row.likes }];
      }),
    facts: async ({ authors: ids }) => authors.filter(({ author }) => ids.includes(author)),
    authorTops: async (request) =>
      request.authors.map(({ author }) => {
        const mine = [...rows]
          .filter(
            ([tweetId, row]) =>
              row.author === author && row.likes >= request.atLeastLikes && tweetId >= request.atLeast,
          )
          .sort(([a, one], [b, two]) => two.likes - one.likes || b - a);
        const some = mine.slice(0, request.limit);
        return {
          author,
          followers: 0,
          tweetIds: some.map(([tweetId]) => tweetId),
          likes: some.map(([, { likes }]) => likes),
          truncated: some.length === request.limit,
        };
      }),
  };
}

describe('the top-k index of a window', () => {
  test('an author met in a scan may have rows that were passed over before', () => {
    const index = createTopKIndex(SIZE);
    index.offer({ tweetId: 1, author: 7, likes: 3 }, facts(7, 5));
    assert.equal(index.missing(facts(7, 5)), 0);
    index.learn(facts(7, 5));
    assert.equal(index.missing(facts(7, 5)), null);
    assert.equal(index.missing(facts(7, 6)), null, 'without a floor everything is held');
  });

  test('rows are missing only of authors who rise to the floor or become listed', () => {
    const index = createTopKIndex(SIZE);
    index.learn(facts(7, 3));
    index.learn(facts(8, 5));
    index.learn(facts(9, 3, false));
    index.raiseFloor({ likes: 2, followers: 5, tweetId: 10 });
    assert.equal(index.missing(facts(7, 4)), null, 'still below the floor');
    assert.equal(index.missing(facts(7, 5)), 2);
    assert.equal(index.missing(facts(7, 9)), 2);
    assert.equal(index.missing(facts(8, 4)), null, 'fewer followers bring nothing in');
    assert.equal(index.missing(facts(8, 6)), 2, 'older ones of as many likes');
    assert.equal(index.missing(facts(9, 3)), 3, 'whatever has more likes than the floor');
    assert.equal(index.missing(facts(9, 5)), 2);
    assert.equal(index.missing(facts(9, 5, false)), null);
    assert.equal(index.missing(facts(6, 1)), 3, 'an author never met');
  });

  test('what was dropped does not count as held, so a list that may lack it is not exact', () => {
    const index = createTopKIndex(SIZE);
    for (let tweetId = 1; tweetId <= 5; tweetId++) index.offer({ tweetId, author: 7, likes: 0 }, facts(7, 0));
    assert.deepEqual(index.best(0).tweetIds, [5, 4]);
    index.remove(5);
    assert.deepEqual(index.best(0), { tweetIds: [4, 3], exact: true, low: true, oldest: 3 });
    index.remove(4);
    assert.equal(index.best(0).exact, false);
  });

  test('new followers lift an author from below the floor, with as many tweets as are read', async () => {
    const rows = new Map(Array.from({ length: 10 }, (_, i) => [i + 1, { author: i < 5 ? 1 : 2, likes: 0 }]));
    const index = createTopKIndex(SIZE);
    for (const [tweetId, { author, likes }] of rows)
      index.offer({ tweetId, author, likes }, facts(author, 0));
    assert.deepEqual(index.best(0).tweetIds, [10, 9]);
    for (const tweetId of [10, 9]) {
      rows.delete(tweetId);
      index.remove(tweetId);
    }
    const store = storeOf(rows, [facts(1, 9), facts(2, 0)]);
    const changes = { tweets: [], authors: [1] };
    await applyChanges({ store, changes, sets: [{ index, windowStart: 0, kept: SIZE.kept }] });
    assert.deepEqual(index.best(0).tweetIds, [5, 4]);
    for (const tweetId of [5, 4]) index.remove(tweetId);
    assert.equal(index.best(0).exact, false, 'tweet 2 was not read, and is above 8');
  });
});

describe('changes to the view', () => {
  const patch: TopPatch = { ranks: [{ tweetId: 1, author: 7, likes: 3 }], gone: [], authors: [] };
  const commit = { partition: 0, epoch: 1, generation: 0, expected: {}, next: {}, patch };
  function storeThat(answer: () => Promise<boolean>) {
    const store: ViewStore<TopPatch> = { ...storeOf(new Map(), []).view, commit: answer, swap: answer };
    const dirtySet = createDirtySet();
    return { dirtySet, store: withDirtySet(store, dirtySet) };
  }

  test('are added to the dirty set when committed or uncertain, not when refused', async () => {
    const yes = storeThat(async () => true);
    await yes.store.commit(commit);
    assert.deepEqual(yes.dirtySet.take(9), { tweets: [{ author: 7, tweetId: 1 }], authors: [] });
    assert.ok(yes.dirtySet.empty());
    const no = storeThat(async () => false);
    await no.store.commit(commit);
    assert.ok(no.dirtySet.empty());
    const lost = storeThat(() => Promise.reject(new Error('the answer got lost')));
    await assert.rejects(lost.store.commit(commit));
    assert.equal(lost.dirtySet.take(9).tweets.length, 1);
  });

  test('after a rebuild everything is read again', async () => {
    const { dirtySet, store } = storeThat(async () => true);
    await store.swap({ partition: 0, epoch: 1, generation: 1 });
    assert.equal(dirtySet.takeReset(), true);
    assert.equal(dirtySet.takeReset(), false);
  });
});
