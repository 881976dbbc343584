import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type ActivityId, firstSnowflakeAt } from '#domain/ids.ts';
import { createManualClock } from '#platform/clock.ts';
import type { BackfillRequest } from './backfill.ts';
import { type AheadRequest, createBackfillAhead } from './backfill-ahead.ts';
import type { FolloweeSet } from './followee-set.ts';

const NOW = Date.UTC(2026, 0, 21, 10);
const TOP = firstSnowflakeAt(NOW - 3_600_000);
const READER = 7;

function followeeSet(allowed: number[]): FolloweeSet {
  return { allowed } as Partial<FolloweeSet> as FolloweeSet;
}

/** A reader of three users, for whom it is read ahead, who have `count` activities; `asked`: what was read of them. */
function world({ count = 2_500 } = {}) {
  const clock = createManualClock(NOW);
  const all: ActivityId[] = Array.from({ length: count }, (_, i) => (i % 3 === 0 ? -(TOP - i) : TOP - i));
  const asked: BackfillRequest[] = [];
  let partial = false;
  const ahead = createBackfillAhead({
    clock,
    maxDirectAuthors: 2,
    backfill: {
      async newest(request) {
        asked.push(request);
        const { before, want } = request;
        await new Promise((resolve) => setImmediate(resolve));
        const below = all.filter((id) => before === null || Math.abs(id) < before);
        const ids = below.slice(0, want);
        return { ids, floor: ids.length < below.length ? Math.abs(ids.at(-1)!) : 0, partial };
      },
    },
  });
  const mine = followeeSet([1, 2, 3]);
  const next = (more: Partial<AheadRequest> = {}) =>
    ahead.next({ reader: READER, own: false, followeeSet: mine, before: TOP + 1, want: 127, ...more });
  return {
    clock,
    all,
    asked,
    next,
    reposts(down: boolean) {
      partial = down;
    },
  };
}

test('paging to the end meets everything once, in order, and reads a thousand at a time', async () => {
  const { all, asked, next } = world();
  const met: ActivityId[] = [];
  for (let before = TOP + 1; before > 0; ) {
    const { ids, floor } = await next({ before });
    assert.ok(ids.length > 0 || floor === 0);
    met.push(...ids);
    before = floor;
  }
  assert.deepEqual(met, all);
  assert.deepEqual(
    asked.map(({ want, reader, authors }) => ({ want, reader, authors })),
    new Array(3).fill({ want: 1_000, reader: READER, authors: [1, 2, 3] }),
  );
});

test('a page requested again, or several times at once, is read once', async () => {
  const { asked, next } = world();
  const [one, other] = await Promise.all([next(), next()]);
  assert.deepEqual(one, other);
  assert.deepEqual(await next(), one);
  assert.equal(asked.length, 1);
});

test('it reads anew for other followees, with `own`, further up, and after two minutes', async () => {
  const { clock, asked, next } = world();
  await next({ before: TOP - 10 });
  const changes: Partial<AheadRequest>[] = [
    { before: TOP },
    { before: TOP, own: true },
    { before: TOP, followeeSet: followeeSet([1, 2, 3]) },
    { before: TOP, reader: 8 },
  ];
  for (const [index, change] of changes.entries()) {
    await next(change);
    assert.equal(asked.length, index + 2, JSON.stringify(change));
  }
  assert.deepEqual(asked[2]!.authors, [1, 2, 3, READER]);
  const before = asked.length;
  await next(changes.at(-1));
  assert.equal(asked.length, before);
  clock.advance(120_001);
  await next(changes.at(-1));
  assert.equal(asked.length, before + 1);
});

test('a read without reposts is not kept', async () => {
  const { asked, next, reposts } = world();
  reposts(true);
  assert.equal((await next()).partial, true);
  reposts(false);
  assert.equal((await next()).partial, false);
  assert.equal(asked.length, 2);
});

test('a failed read is repeated, also for those who waited for it', async () => {
  const { clock, next } = world();
  const failing = createBackfillAhead({
    clock,
    maxDirectAuthors: 2,
    backfill: {
      newest: async () => {
        throw new Error('down');
      },
    },
  });
  const request = { reader: 1, own: false, followeeSet: followeeSet([1, 2, 3]), before: TOP, want: 1 };
  const results = await Promise.allSettled([failing.next(request), failing.next(request)]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.equal((await next()).ids.length, 127);
});

test('few authors, and activities younger than a minute, are read without reading ahead', async () => {
  const { asked, next } = world();
  await next({ followeeSet: followeeSet([1, 2]) });
  await next({ before: null });
  await next({ before: firstSnowflakeAt(NOW - 59_000) });
  assert.deepEqual(
    asked.map(({ want }) => want),
    [127, 127, 127],
  );
});

test('what is kept of a read does not keep the followees, which take far more memory', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const { asked, next } = world();
  const read = async () => {
    const theirs = followeeSet([1, 2, 3]);
    await next({ followeeSet: theirs });
    return new WeakRef(theirs);
  };
  const followees = await read();
  asked.length = 0;
  // What was made or looked at in a turn is held until it ends.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  assert.equal(followees.deref(), undefined);
});
