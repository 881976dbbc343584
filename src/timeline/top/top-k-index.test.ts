import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ViewStore } from '#queue/view.ts';
import { applyChanges } from './apply-changes.ts';
import { createMarks, withChanges } from './dirty-set.ts';
import { createLeaders } from './top-k-index.ts';
import type { AuthorFacts, TopListsStore, TopPatch } from './top-lists-store.ts';

const SIZE = { shown: 2, kept: 3, most: 4, low: 3 };
const NEVER = async (): Promise<never> => assert.fail('not to be called');

function facts(author: number, followers: number, listed = true): AuthorFacts {
  return { author, followers, listed };
}

/** Rows and authors in memory. */
function storeOf(
  rows: Map<number, { author: number; likes: number }>,
  authors: AuthorFacts[],
): TopListsStore {
  return {
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

describe('leaders of a window', () => {
  test('of an author met in a scan others may have been passed over before', () => {
    const leaders = createLeaders(SIZE);
    leaders.offer({ tweetId: 1, author: 7, likes: 3 }, facts(7, 5));
    assert.equal(leaders.missing(facts(7, 5)), 0);
    leaders.learn(facts(7, 5));
    assert.equal(leaders.missing(facts(7, 5)), null);
    assert.equal(leaders.missing(facts(7, 6)), null, 'without a floor everything is held');
  });

  test('rows are missing of those alone who rise to the floor, or become listed', () => {
    const leaders = createLeaders(SIZE);
    leaders.learn(facts(7, 3));
    leaders.learn(facts(8, 5));
    leaders.learn(facts(9, 3, false));
    leaders.raiseFloor({ likes: 2, followers: 5, tweetId: 10 });
    assert.equal(leaders.missing(facts(7, 4)), null, 'still below the floor');
    assert.equal(leaders.missing(facts(7, 5)), 2);
    assert.equal(leaders.missing(facts(7, 9)), 2);
    assert.equal(leaders.missing(facts(8, 4)), null, 'fewer followers bring nothing in');
    assert.equal(leaders.missing(facts(8, 6)), 2, 'older ones of as many likes');
    assert.equal(leaders.missing(facts(9, 3)), 3, 'whatever has more likes than the floor');
    assert.equal(leaders.missing(facts(9, 5)), 2);
    assert.equal(leaders.missing(facts(9, 5, false)), null);
    assert.equal(leaders.missing(facts(6, 1)), 3, 'an author never met');
  });

  test('what was dropped counts as not held, so a list that lacks it is not called exact', () => {
    const leaders = createLeaders(SIZE);
    for (let tweetId = 1; tweetId <= 5; tweetId++)
      leaders.offer({ tweetId, author: 7, likes: 0 }, facts(7, 0));
    assert.deepEqual(leaders.best(0).tweetIds, [5, 4]);
    leaders.remove(5);
    assert.deepEqual(leaders.best(0), { tweetIds: [4, 3], exact: true, low: true, oldest: 3 });
    leaders.remove(4);
    assert.equal(leaders.best(0).exact, false);
  });

  test('followers who came lift an author from below the floor, as many of whose tweets as are read', async () => {
    const rows = new Map(Array.from({ length: 10 }, (_, i) => [i + 1, { author: i < 5 ? 1 : 2, likes: 0 }]));
    const leaders = createLeaders(SIZE);
    for (const [tweetId, { author, likes }] of rows)
      leaders.offer({ tweetId, author, likes }, facts(author, 0));
    assert.deepEqual(leaders.best(0).tweetIds, [10, 9]);
    for (const tweetId of [10, 9]) {
      rows.delete(tweetId);
      leaders.remove(tweetId);
    }
    const store = storeOf(rows, [facts(1, 9), facts(2, 0)]);
    const changes = { tweets: [], authors: [1] };
    await applyChanges({ store, changes, sets: [{ leaders, edge: 0, kept: SIZE.kept }] });
    assert.deepEqual(leaders.best(0).tweetIds, [5, 4]);
    for (const tweetId of [5, 4]) leaders.remove(tweetId);
    assert.equal(leaders.best(0).exact, false, 'tweet 2 was not read, and is above 8');
  });
});

describe('changes of the view', () => {
  const patch: TopPatch = { ranks: [{ tweetId: 1, author: 7, likes: 3 }], gone: [], authors: [] };
  const commit = { partition: 0, epoch: 1, generation: 0, expected: {}, next: {}, patch };
  function storeThat(answer: () => Promise<boolean>) {
    const store: ViewStore<TopPatch> = { ...storeOf(new Map(), []).view, commit: answer, swap: answer };
    const marks = createMarks();
    return { marks, store: withChanges(store, [marks]) };
  }

  test('are marked when committed, or when it cannot be known; not when refused', async () => {
    const yes = storeThat(async () => true);
    await yes.store.commit(commit);
    assert.deepEqual(yes.marks.take(9), { tweets: [{ author: 7, tweetId: 1 }], authors: [] });
    assert.ok(yes.marks.empty());
    const no = storeThat(async () => false);
    await no.store.commit(commit);
    assert.ok(no.marks.empty());
    const lost = storeThat(() => Promise.reject(new Error('the answer got lost')));
    await assert.rejects(lost.store.commit(commit));
    assert.equal(lost.marks.take(9).tweets.length, 1);
  });

  test('after a rebuild everything is read again', async () => {
    const { marks, store } = storeThat(async () => true);
    await store.swap({ partition: 0, epoch: 1, generation: 1 });
    assert.equal(marks.takeReset(), true);
    assert.equal(marks.takeReset(), false);
  });
});
