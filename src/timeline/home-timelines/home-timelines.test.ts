import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '#domain/limits.ts';
import { createHomeTimelines } from './home-timelines.ts';
import { createReaderIndex } from './reader-index.ts';

const PLENTY = 2 ** 30;

describe('the reader index', () => {
  test('finds what was set last and nothing else, whatever was deleted in between', () => {
    const action = fc.record({
      reader: fc.integer({ min: 1, max: 60 }),
      slot: fc.nat(1_000),
      drop: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 300 }), fc.constantFrom(1, 2 ** 25), (actions, stride) => {
        const index = createReaderIndex();
        const plain = new Map<number, number>();
        for (const { reader, slot, drop } of actions) {
          if (drop) {
            index.delete(reader * stride);
            plain.delete(reader);
          } else {
            index.set(reader * stride, slot);
            plain.set(reader, slot);
          }
        }
        for (let reader = 1; reader <= 60; reader++) {
          assert.equal(index.get(reader * stride), plain.get(reader) ?? -1);
        }
      }),
    );
  });

  test('grows', () => {
    const index = createReaderIndex();
    for (let reader = 1; reader <= 20_000; reader++) index.set(reader, reader + 1);
    for (let reader = 1; reader <= 20_000; reader += 2) index.delete(reader);
    for (let reader = 1; reader <= 20_000; reader++) {
      assert.equal(index.get(reader), reader % 2 === 1 ? -1 : reader + 1);
    }
  });
});

/** Everything inserted at or above the floor is there, once and in order. */
function checkAgainst(
  homeTimelines: ReturnType<typeof createHomeTimelines>,
  slot: number,
  inserted: Set<number>,
): void {
  const floor = homeTimelines.floor(slot);
  const expected = [...inserted]
    .filter((id) => Math.abs(id) >= floor)
    .sort((a, b) => Math.abs(a) - Math.abs(b));
  assert.deepEqual([...homeTimelines.copy(slot)], expected);
}

const signed = (id: number) => (id % 3 === 0 ? -id : id);

describe('a home timeline', () => {
  test('holds every activity at or above its floor, sorted, each once', () => {
    const id = fc.integer({ min: 1, max: 3_000 }).map(signed);
    const action = fc.oneof(
      { weight: 20, arbitrary: fc.array(id, { maxLength: 200 }).map((ids) => ({ ids, floor: 0 })) },
      {
        weight: 1,
        arbitrary: fc.integer({ min: 1, max: 3_000 }).map((floor) => ({ ids: [] as number[], floor })),
      },
    );
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 30 }),
        fc.constantFrom(PLENTY, 1_500),
        (actions, maxBytes) => {
          const homeTimelines = createHomeTimelines({ maxBytes });
          const other = homeTimelines.register(8);
          homeTimelines.insert(other, 5);
          const slot = homeTimelines.register(7);
          const inserted = new Set<number>();
          for (const { ids, floor } of actions) {
            for (const activity of ids) {
              const before = inserted.has(activity);
              const had = before && Math.abs(activity) >= homeTimelines.floor(slot);
              assert.equal(homeTimelines.insert(slot, activity) && had, false, 'an activity twice');
              inserted.add(activity);
            }
            if (floor > 0) homeTimelines.raiseFloor(slot, floor);
            checkAgainst(homeTimelines, slot, inserted);
          }
          assert.deepEqual([...homeTimelines.copy(other)], [5]);
          assert.ok(homeTimelines.bytes() <= maxBytes);
        },
      ),
      { numRuns: 60 },
    );
  });

  test(`keeps at least the newest ${LIMITS.homeTimeline}, and raises its floor past the rest`, () => {
    const homeTimelines = createHomeTimelines({ maxBytes: PLENTY });
    const slot = homeTimelines.register(7);
    for (let id = 1; id <= 5_000; id++) {
      homeTimelines.insert(slot, id);
      const kept = Math.min(id, LIMITS.homeTimeline);
      assert.ok(homeTimelines.floor(slot) <= id - kept + 1);
    }
    assert.equal(homeTimelines.insert(slot, homeTimelines.floor(slot) - 1), false);
    assert.deepEqual(homeTimelines.below(slot, 4_999, 3), [4_998, 4_997, 4_996]);
    assert.deepEqual(homeTimelines.below(slot, Number.POSITIVE_INFINITY, 2), [5_000, 4_999]);
    assert.deepEqual(homeTimelines.below(slot, homeTimelines.floor(slot), 3), []);
  });

  test('releases its memory and its slot', () => {
    const homeTimelines = createHomeTimelines({ maxBytes: PLENTY });
    for (let reader = 1; reader <= 50; reader++) homeTimelines.insert(homeTimelines.register(reader), reader);
    const used = homeTimelines.bytes();
    for (let reader = 1; reader <= 50; reader++) homeTimelines.remove(homeTimelines.find(reader));
    assert.equal(homeTimelines.bytes(), 0);
    for (let reader = 51; reader <= 100; reader++) {
      const slot = homeTimelines.register(reader);
      assert.deepEqual([...homeTimelines.copy(slot)], []);
      assert.equal(homeTimelines.floor(slot), 0);
    }
    assert.equal(homeTimelines.bytes(), used);
    assert.equal(homeTimelines.slots(), 50);
  });

  test('that is not read is evicted first, one that is being filled never', () => {
    const homeTimelines = createHomeTimelines({ maxBytes: PLENTY });
    for (let reader = 1; reader <= 3; reader++) homeTimelines.register(reader);
    assert.equal(homeTimelines.victim(), -1);
    for (let reader = 1; reader <= 3; reader++) homeTimelines.makeReady(homeTimelines.find(reader), 0);
    assert.notEqual(homeTimelines.victim(), -1);
    for (const reader of [1, 3]) homeTimelines.touch(homeTimelines.find(reader), 1);
    assert.equal(homeTimelines.readerOf(homeTimelines.victim()), 2);
  });
});
