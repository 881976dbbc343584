import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type CutActivity, checkHomeShards, cut, homeShardOf, readersByShard } from './slices.ts';

const source = { topic: 'tweets', partition: 3 } as const;
const activityAt = (position: number, readers: number[]): CutActivity => ({
  position,
  activity: 1_000 + position,
  actor: 7,
  tweetId: 1_000 + position,
  readers: Uint32Array.from(readers),
});
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('home shards', () => {
  test('are a power of two up to 64', () => {
    for (const shards of [1, 2, 4, 8, 16, 32, 64]) checkHomeShards(shards);
    for (const shards of [0, -1, 3, 15, 128, 1.5, Number.NaN])
      assert.throws(() => checkHomeShards(shards), RangeError);
  });

  test('have about as many readers each, whether ids are dense or not', () => {
    for (const stride of [1, 2, 16, 64, 4_096]) {
      const counts = new Array<number>(64).fill(0);
      for (let i = 1; i <= 64_000; i++) counts[homeShardOf((i * stride) >>> 0, 64)]! += 1;
      assert.ok(Math.min(...counts) > 500 && Math.max(...counts) < 2_000, `${stride}: ${counts}`);
    }
  });

  test('get every reader once, in order', () => {
    const reader = fc.integer({ min: 1, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(fc.array(reader, { maxLength: 200 }), fc.constantFrom(1, 2, 16, 64), (readers, shards) => {
        const parts = readersByShard(Uint32Array.from(readers), shards);
        assert.equal(parts.length, shards);
        for (const [shard, part] of parts.entries()) {
          assert.deepEqual(
            [...part],
            readers.filter((each) => homeShardOf(each, shards) === shard),
          );
        }
      }),
    );
  });
});

describe('cutting', () => {
  test('gives a shard one record with all slices and marks, and none to a shard with nothing in it', () => {
    const readers = range(1, 20).filter((reader) => homeShardOf(reader, 4) !== 2);
    const records = cut({
      shards: 4,
      tellAll: false,
      batches: [
        { source, epoch: 5, through: 9, marked: [1, 2, 3, 4], activities: [activityAt(7, readers)] },
        { source: { ...source, partition: 4 }, epoch: 6, through: 30, marked: [0, 0, 0, 0], activities: [] },
      ],
    });
    assert.deepEqual(
      records.map(({ shard, lane }) => [shard, lane]),
      [0, 1, 3].map((shard) => [shard, 'small']),
    );
    for (const { shard, slices, marks } of records) {
      assert.deepEqual(
        slices.map(({ position, part, epoch }) => [position, part, epoch]),
        [[7, 0, 5]],
      );
      assert.deepEqual(marks, [
        { source, epoch: 5, after: [1, 2, 3, 4][shard], through: 9, large: [] },
        { source: { ...source, partition: 4 }, epoch: 6, after: 0, through: 30, large: [] },
      ]);
    }
  });

  test('tells every shard of all sources where asked to', () => {
    const batch = { source, epoch: 1, through: 9, marked: [9, 9], activities: [] };
    const records = cut({ shards: 2, tellAll: true, batches: [batch] });
    assert.deepEqual(
      records.map(({ shard, slices, marks }) => [shard, slices.length, marks[0]!.after, marks[0]!.through]),
      [
        [0, 0, 9, 9],
        [1, 0, 9, 9],
      ],
    );
  });

  test('sends large activities by their own lane, and the mark says how many slices there are', () => {
    const readers = range(1, 101);
    const records = cut({
      shards: 2,
      tellAll: false,
      maxSmallReaders: 50,
      maxSliceReaders: 20,
      batches: [{ source, epoch: 1, through: 8, marked: [0, 0], activities: [activityAt(8, readers)] }],
    });
    for (const shard of [0, 1]) {
      const [small] = records.filter((record) => record.shard === shard && record.lane === 'small');
      const large = records.filter((record) => record.shard === shard && record.lane === 'large');
      assert.deepEqual(small!.slices, []);
      assert.deepEqual(small!.marks[0]!.large, [{ position: 8, parts: large.length }]);
      assert.deepEqual(
        large.map(({ slices }) => slices.map(({ part }) => part)),
        range(0, large.length).map((part) => [part]),
      );
      assert.deepEqual(
        large.flatMap(({ slices }) => [...slices[0]!.readers]),
        readers.filter((reader) => homeShardOf(reader, 2) === shard),
      );
    }
  });
});
