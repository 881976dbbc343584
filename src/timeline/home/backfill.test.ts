import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLane } from '#platform/lane.ts';
import { createActivityFacts } from './activity-facts.ts';
import { createBackfill } from './backfill.ts';

interface Tail {
  author: number;
  id: number;
  isRepost: boolean;
}

/** Services that have these activities and answer as their interfaces say. */
function openBackfill(all: Tail[]) {
  const tail = (
    author: number,
    isRepost: boolean,
    request: { before: number | null; atLeast: number; limit: number },
  ) => {
    const ids = all
      .filter((one) => one.author === author && one.isRepost === isRepost)
      .map(({ id }) => id)
      .filter((id) => id < (request.before ?? Number.POSITIVE_INFINITY) && id >= request.atLeast)
      .sort((a, b) => b - a);
    return { ids: ids.slice(0, request.limit), truncated: ids.length > request.limit };
  };
  const tweets = {
    tails: async (request: { authors: number[]; before: number | null; atLeast: number; limit: number }) =>
      request.authors.map((author) => ({ author, ...tail(author, false, request) })),
    authorsOf: async () => [],
  };
  const engagement = {
    async repostTails(request: { actors: number[]; before: number | null; atLeast: number; limit: number }) {
      return request.actors.map((actor) => {
        const { ids, truncated } = tail(actor, true, request);
        return { actor, reposts: ids.map((id) => ({ id, tweetId: 1 })), truncated };
      });
    },
    repostsById: async () => [],
  };
  return createBackfill({
    tweets,
    engagement,
    facts: createActivityFacts({ tweets, engagement }),
    lane: createLane(),
  });
}

test('a backfill returns the newest, without gaps down to its floor', async () => {
  const activity = fc.record({
    // One author posts most of it, as some do: reading the same number from each author would miss most of it.
    author: fc.oneof(
      { weight: 6, arbitrary: fc.constant(1) },
      { weight: 1, arbitrary: fc.integer({ min: 2, max: 30 }) },
    ),
    id: fc.integer({ min: 1, max: 5_000 }),
    isRepost: fc.boolean(),
  });
  const activities = fc.uniqueArray(activity, { maxLength: 400, selector: ({ id }) => id });
  const before = fc.option(fc.integer({ min: 1, max: 5_000 }));
  await fc.assert(
    fc.asyncProperty(activities, before, fc.integer({ min: 1, max: 60 }), async (all, below, want) => {
      const backfill = openBackfill(all);
      const authors = Array.from({ length: 30 }, (_, i) => i + 1);
      const { ids, floor } = await backfill.newest({
        reader: 1,
        authors,
        before: below,
        atLeast: 0,
        want,
        strict: true,
      });
      const plain = all
        .filter(({ id }) => id < (below ?? Number.POSITIVE_INFINITY))
        .sort((a, b) => b.id - a.id)
        .map(({ id, isRepost }) => (isRepost ? -id : id));
      assert.deepEqual(
        ids,
        plain.filter((id) => Math.abs(id) >= floor),
      );
      assert.ok(ids.length >= Math.min(want, plain.length));
      if (ids.length < want) assert.equal(floor, 0);
    }),
  );
});

test('the tails of very many authors are read in slices, one backfill at a time, and other work runs in between', async () => {
  const authors = Array.from({ length: 4_000 }, (_, i) => i + 1);
  const seen: string[] = [];
  let backfilling = true;
  const others = (async () => {
    while (backfilling) {
      await new Promise((resolve) => setImmediate(resolve));
      seen.push('other');
    }
  })();
  const services = {
    async tails({ authors: some }: { authors: readonly number[] }) {
      seen.push(`slice of ${some.length}`);
      return [];
    },
    authorsOf: async () => [],
  };
  const engagement = { repostTails: async () => [], repostsById: async () => [] };
  const facts = createActivityFacts({ tweets: services, engagement });
  const backfill = createBackfill({ tweets: services, engagement, facts, lane: createLane() });
  const ask = { before: null, atLeast: 0, want: 20, strict: true };
  const dear = Promise.all([
    backfill.newest({ reader: 1, authors, ...ask }),
    backfill.newest({ reader: 1, authors, ...ask }),
  ]);
  await backfill.newest({ reader: 2, authors: [1, 2], ...ask });
  assert.equal(seen[0], 'slice of 2', 'whoever reads few does not wait');
  await dear;
  backfilling = false;
  await others;
  const slices = seen.filter((each) => each !== 'other');
  assert.deepEqual(slices, ['slice of 2', ...new Array(8).fill('slice of 1000')]);
  const together = seen.findIndex((each, at) => each !== 'other' && at > 0 && seen[at - 1] !== 'other');
  assert.equal(together, -1, `two slices in one turn: ${seen.join(', ')}`);
});
