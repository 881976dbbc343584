import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TELLS_NOTHING } from '#platform/change-source.ts';
import { createManualClock } from '#platform/clock.ts';
import { createWatch } from '#test/support/watch.ts';
import { createMemoryTimelineDbBackend } from '../stores/memory.ts';
import type { TimelineDb } from '../timeline-db.ts';
import { createFanOutOnRead } from './fan-out-on-read.ts';
import type { FolloweeSet } from './followee-set.ts';

const [BEN, CYD, DAN] = [2, 3, 4];

function following(...users: number[]): FolloweeSet {
  return {
    all: users,
    allowed: users,
    reposters: users,
    followedSince: new Map(users.map((user) => [user, 1])),
    digest: 0,
    newestEdge: 1,
  };
}

/** Two processes over one Timeline DB; neither hears of the other's changes. */
function openTwo() {
  const backend = createMemoryTimelineDbBackend();
  const clock = createManualClock(0);
  const watch = createWatch();
  const elsewhere = (): TimelineDb =>
    watch.over('timelineDb', { ...backend.open(), tailChanges: TELLS_NOTHING });
  const one = createFanOutOnRead({ timelineDb: elsewhere(), clock });
  const other = createFanOutOnRead({ timelineDb: elsewhere(), clock });
  const owner = createFanOutOnRead({ timelineDb: watch.over('timelineDb', backend.open()), clock });
  return { one, other, owner, clock, watch };
}

type FanOutOnRead = ReturnType<typeof openTwo>['one'];
async function idsOf(fanOutOnRead: FanOutOnRead, ...users: number[]): Promise<number[][]> {
  const found = await fanOutOnRead.of(following(...users));
  return found!.tails.sort((a, b) => a.actor - b.actor).map(({ actor, ids }) => [actor, ...ids]);
}

describe('activities that are fanned out on read', () => {
  test('that one process recorded are seen by another: at once where it knows the actor', async () => {
    const { one, other } = openTwo();
    await one.record({ actor: BEN, activities: [10] });
    assert.deepEqual(await idsOf(other, BEN, CYD), [[BEN, 10]]);
    await one.record({ actor: BEN, activities: [11] });
    assert.deepEqual(await idsOf(other, BEN, CYD), [[BEN, 10, 11]]);
  });

  test('of a new actor are seen by another process within a second, by this one at once', async () => {
    const { one, other, clock } = openTwo();
    assert.deepEqual(await idsOf(other, BEN), []);
    assert.deepEqual(await idsOf(one, BEN), []);
    await one.record({ actor: BEN, activities: [10] });
    assert.deepEqual(await idsOf(one, BEN), [[BEN, 10]]);
    clock.advance(1_000);
    assert.deepEqual(await idsOf(other, BEN), [[BEN, 10]]);
  });

  test('of an actor recorded while the actors are read are not lost', async () => {
    const { one, clock, watch } = openTwo();
    await one.record({ actor: BEN, activities: [10] });
    await idsOf(one, BEN);
    clock.advance(1_000);
    watch.after.set('timelineDb.fanOutOnReadActors', () => one.record({ actor: CYD, activities: [20] }));
    assert.deepEqual(await idsOf(one, BEN, CYD), [
      [BEN, 10],
      [CYD, 20],
    ]);
    assert.deepEqual(await idsOf(one, BEN, CYD), [
      [BEN, 10],
      [CYD, 20],
    ]);
  });

  test('are read once by the sole owner of the database, until they change', async () => {
    const { owner, clock, watch } = openTwo();
    await owner.record({ actor: BEN, activities: [10] });
    for (let i = 0; i < 5; i++) {
      clock.advance(1_000);
      assert.deepEqual(await idsOf(owner, BEN), [[BEN, 10]]);
    }
    assert.equal(watch.calls.get('timelineDb.fanOutOnReadTails'), 1);
    assert.equal(watch.calls.get('timelineDb.fanOutOnReadActors'), 1);
    await owner.record({ actor: BEN, activities: [12] });
    assert.deepEqual(await idsOf(owner, BEN), [[BEN, 10, 12]]);
  });

  test('cost no read for who follows nobody with any', async () => {
    const { one, watch } = openTwo();
    await one.record({ actor: BEN, activities: [10] });
    assert.deepEqual(await idsOf(one, CYD, DAN), []);
    assert.equal(watch.calls.get('timelineDb.fanOutOnReadTails'), undefined);
  });

  test('that cannot be read now are not taken for none', async () => {
    const { one, watch } = openTwo();
    watch.down.add('timelineDb');
    assert.equal(await one.of(following(BEN)), null);
    watch.down.clear();
    await one.record({ actor: BEN, activities: [10] });
    assert.deepEqual(await idsOf(one, BEN), [[BEN, 10]]);
    watch.down.add('timelineDb');
    assert.equal(await one.of(following(BEN)), null);
  });
});
