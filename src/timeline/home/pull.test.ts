import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createActivityFacts } from './activity-facts.ts';
import { createPull } from './pull.ts';

interface Tail {
  author: number;
  id: number;
  isRepost: boolean;
}

/** Services that know these activities and answer as their interfaces say. */
function openPull(all: Tail[]) {
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
  return createPull({ tweets, engagement, facts: createActivityFacts({ tweets, engagement }) });
}

test('a pull gives the newest, without a gap down to the floor that it names', async () => {
  const activity = fc.record({
    // One author writes most, as some do: reading the same number from each would miss the most of it.
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
      const pull = openPull(all);
      const authors = Array.from({ length: 30 }, (_, i) => i + 1);
      const { ids, floor } = await pull.newest({ authors, before: below, atLeast: 0, want, strict: true });
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
