/** What every cache of top snapshots promises, run with two handles open on one backend. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { LIMITS } from '#domain/limits.ts';
import { createManualClock, type ManualClock } from '#platform/clock.ts';
import type { TopSnapshot, TopSnapshots } from '../top/top-snapshots.ts';

export interface TopSnapshotsBackend {
  open(): TopSnapshots;
}

export function describeTopSnapshots(
  name: string,
  create: (clock: ManualClock) => TopSnapshotsBackend,
): void {
  describe(`top snapshots ${name}`, () => {
    let clock: ManualClock;
    let one: TopSnapshots;
    let two: TopSnapshots;
    beforeEach(() => {
      clock = createManualClock(1_800_000_000_000);
      const backend = create(clock);
      one = backend.open();
      two = backend.open();
    });
    const snapshot = (id: string, window: TopSnapshot['window'] = 'all'): TopSnapshot => ({
      id,
      window,
      tweetIds: [3, 1, 2],
      partial: false,
    });

    test('what one handle puts is the newest of its window, and of no other, for the other handle', async () => {
      assert.equal(await two.newest('all'), undefined);
      await one.put(snapshot('a'));
      assert.deepEqual(await two.newest('all'), snapshot('a'));
      assert.deepEqual(await two.get('a'), snapshot('a'));
      assert.equal(await two.newest('7d'), undefined);
      assert.equal(await two.get('b'), undefined);
    });

    test('a replaced one is served for ten minutes, the newest for as long as it is the newest', async () => {
      await one.put(snapshot('a'));
      await one.put(snapshot('other', '24h'));
      clock.advance(2 * LIMITS.topSnapshotKept_ms);
      await two.put(snapshot('b'));
      clock.advance(LIMITS.topSnapshotKept_ms - 1);
      assert.deepEqual(await one.get('a'), snapshot('a'));
      clock.advance(1);
      assert.equal(await one.get('a'), undefined);
      assert.deepEqual(await one.newest('all'), snapshot('b'));
      assert.deepEqual(await one.get('other'), snapshot('other', '24h'));
    });

    test('the same put again replaces nothing', async () => {
      await one.put(snapshot('a'));
      await two.put(snapshot('a'));
      clock.advance(2 * LIMITS.topSnapshotKept_ms);
      assert.deepEqual(await one.get('a'), snapshot('a'));
    });

    test('with a new one every second, all of the last ten minutes are kept', async () => {
      const seconds = LIMITS.topSnapshotKept_ms / 1_000;
      for (let second = 0; second <= seconds; second++) {
        await one.put(snapshot(`s${second}`));
        clock.advance(1_000);
      }
      // s0 was replaced by s1 exactly ten minutes ago, and s1 a second later.
      assert.equal(await two.get('s0'), undefined);
      for (let second = 1; second <= seconds; second++) {
        assert.deepEqual(await two.get(`s${second}`), snapshot(`s${second}`));
      }
    });
  });
}
