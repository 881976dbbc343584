import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRequestBatching } from './request-batching.ts';

/** Two steps of each request, in the order in which they are done. */
async function orderOf(requests: number, max: number): Promise<string[]> {
  const joinBatch = createRequestBatching({ max });
  const order: string[] = [];
  const request = async (name: number) => {
    await joinBatch();
    order.push(`${name}a`);
    await null;
    order.push(`${name}b`);
  };
  await Promise.all(Array.from({ length: requests }, (_, name) => request(name)));
  return order;
}

test('those that came together go on together, step by step', async () => {
  assert.deepEqual(await orderOf(3, 8), ['0a', '1a', '2a', '0b', '1b', '2b']);
});

test('at most so many at a time, the others in groups after them', async () => {
  assert.deepEqual(await orderOf(5, 2), ['0a', '1a', '0b', '1b', '2a', '3a', '2b', '3b', '4a', '4b']);
});

test('a request that comes later joins another batch', async () => {
  const joinBatch = createRequestBatching({ max: 8 });
  const first = joinBatch();
  assert.equal(joinBatch(), first);
  await first;
  const later = joinBatch();
  assert.notEqual(later, first);
  await later;
});
