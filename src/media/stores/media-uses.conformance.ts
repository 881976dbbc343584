/** What every store of the view of uses promises to its readers, run with two handles open on one backend. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eachWithTwoHandles } from '#platform/two-handles.ts';
import type { OpenedMediaUses } from '../media-uses.ts';
import type { UsesPatch } from '../media-uses-view.ts';

export interface MediaUsesBackend {
  /** Opens one more handle on the same, at first empty, backend. */
  open(): Promise<OpenedMediaUses>;
  remove(): Promise<void>;
}

export function describeMediaUses(name: string, create: () => MediaUsesBackend): void {
  describe(`media uses ${name}`, () => {
    let one: OpenedMediaUses;
    let two: OpenedMediaUses;
    eachWithTwoHandles(create, (opened) => {
      ({ one, two } = opened);
    });

    /** Commits to a partition's live generation, as its owner. */
    async function commit(patch: UsesPatch, partition = 3): Promise<void> {
      const { epoch, live } = await one.viewStore.claim(partition);
      const { generation, positions } = live;
      const next = { ...positions, tweets: (positions.tweets ?? 0) + 1 };
      const request = { partition, epoch, generation, expected: positions, next, patch };
      assert.ok(await one.viewStore.commit(request));
    }
    const usesOf = (name: string, limit = 9) => two.uses.usesOf({ name, limit });
    const released = async () => (await two.uses.released({ limit: 9 })).sort();

    test('are found by picture, the newest tweets first, whichever partition they are of', async () => {
      await commit([{ usedBy: 'tweet:11', names: ['a', 'b'] }]);
      await commit([{ usedBy: 'tweet:12', names: ['a', 'a'] }], 4);
      assert.deepEqual(await usesOf('a'), ['tweet:12', 'tweet:11']);
      assert.deepEqual(await usesOf('a', 1), ['tweet:12']);
      assert.deepEqual(await usesOf('c'), []);
      assert.deepEqual((await two.uses.used({ names: ['c', 'a', 'b'] })).sort(), ['a', 'b']);
    });

    test('are whole: what is said of one takes the place of what it used before', async () => {
      await commit([{ usedBy: 'person:1', names: ['a'] }]);
      await commit([{ usedBy: 'person:1', names: ['b'] }]);
      assert.deepEqual([await usesOf('a'), await usesOf('b')], [[], ['person:1']]);
      await commit([{ usedBy: 'person:1', names: [] }]);
      assert.deepEqual(await two.uses.used({ names: ['a', 'b'] }), []);
    });

    test('that ended are known until they are dismissed, and again when another ends', async () => {
      await commit([
        { usedBy: 'tweet:11', names: ['a', 'b'] },
        { usedBy: 'tweet:12', names: ['a'] },
      ]);
      assert.deepEqual(await released(), []);
      await commit([{ usedBy: 'tweet:11', names: ['b'] }]);
      assert.deepEqual(await released(), ['a'], 'though something uses it still');
      assert.deepEqual(await released(), ['a']);
      await two.uses.dismiss({ names: ['a', 'b'] });
      assert.deepEqual(await released(), []);
      await commit([
        { usedBy: 'tweet:11', names: [] },
        { usedBy: 'tweet:12', names: [] },
      ]);
      assert.deepEqual(await released(), ['a', 'b']);
      assert.equal((await two.uses.released({ limit: 1 })).length, 1);
    });

    test('of a generation that was replaced go when it is dropped', async () => {
      await commit([{ usedBy: 'tweet:11', names: ['a'] }]);
      const { viewStore } = one;
      const { epoch } = await viewStore.claim(3);
      await viewStore.beginRebuild({ partition: 3, epoch, positions: {} });
      const { generation } = (await viewStore.load(3)).building!;
      const patch: UsesPatch = [{ usedBy: 'tweet:12', names: ['b'] }];
      const scan = { partition: 3, epoch, generation, patch, expectedCursor: '', cursor: null };
      assert.ok(await viewStore.commitScan(scan));
      assert.ok(await viewStore.swap({ partition: 3, epoch, generation }));
      while (await viewStore.dropOld(3));
      assert.deepEqual([await usesOf('a'), await usesOf('b')], [[], ['tweet:12']]);
    });
  });
}
