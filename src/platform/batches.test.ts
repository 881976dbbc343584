import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBatches } from './batches.ts';

/** A call that answers each key with its double, after a while, and refuses more than three. */
function doubling() {
  const asked: number[][] = [];
  let underWay = 0;
  let mostAtOnce = 0;
  return {
    asked,
    mostAtOnce: () => mostAtOnce,
    async ask(batch: number[]): Promise<number[]> {
      assert.ok(batch.length <= 3);
      asked.push(batch);
      mostAtOnce = Math.max(mostAtOnce, ++underWay);
      await new Promise(setImmediate);
      underWay--;
      return batch.map((key) => key * 2);
    },
  };
}

test('batches are as large as they may be, one asked for after the other, and answers come in order', async () => {
  const call = doubling();
  assert.deepEqual(await inBatches([1, 2, 3, 4, 5, 6, 7], 3, call.ask), [2, 4, 6, 8, 10, 12, 14]);
  assert.deepEqual(call.asked, [[1, 2, 3], [4, 5, 6], [7]]);
  assert.equal(call.mostAtOnce(), 1);
});

test('what fits is one call, and nothing is none', async () => {
  const call = doubling();
  assert.deepEqual(await inBatches([1, 2, 3], 3, call.ask), [2, 4, 6]);
  assert.deepEqual(await inBatches([], 3, call.ask), []);
  assert.deepEqual(call.asked, [[1, 2, 3]]);
});

test('a batch that fails fails all, and is the last to be asked for', async () => {
  const asked: number[] = [];
  const failing = inBatches([1, 2, 3], 1, async ([key]) => {
    asked.push(key!);
    if (key === 2) throw new Error('down');
    return [key];
  });
  await assert.rejects(failing, /down/);
  assert.deepEqual(asked, [1, 2]);
});
