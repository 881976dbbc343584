import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '#domain/limits.ts';
import { createRings } from './home-timelines.ts';
import { createReaderIndex } from './reader-index.ts';

const PLENTY = 2 ** 30;

describe('the index of readers', () => {
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

/** All that was ever inserted at or above the floor is there, once and in order. */
function checkAgainst(rings: ReturnType<typeof createRings>, slot: number, inserted: Set<number>): void {
  const floor = rings.floor(slot);
  const expected = [...inserted]
    .filter((id) => Math.abs(id) >= floor)
    .sort((a, b) => Math.abs(a) - Math.abs(b));
  assert.deepEqual([...rings.copy(slot)], expected);
}

const signed = (id: number) => (id % 3 === 0 ? -id : id);

describe('a ring', () => {
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
          const rings = createRings({ maxBytes });
          const other = rings.register(8);
          rings.insert(other, 5);
          const slot = rings.register(7);
          const inserted = new Set<number>();
          for (const { ids, floor } of actions) {
            for (const activity of ids) {
              const before = inserted.has(activity);
              const had = before && Math.abs(activity) >= rings.floor(slot);
              assert.equal(rings.insert(slot, activity) && had, false, 'an activity twice');
              inserted.add(activity);
            }
            if (floor > 0) rings.raiseFloor(slot, floor);
            checkAgainst(rings, slot, inserted);
          }
          assert.deepEqual([...rings.copy(other)], [5]);
          assert.ok(rings.bytes() <= maxBytes);
        },
      ),
      { numRuns: 60 },
    );
  });

  test(`keeps at least the newest ${LIMITS.ring}, and raises its floor past the rest`, () => {
    const rings = createRings({ maxBytes: PLENTY });
    const slot = rings.register(7);
    for (let id = 1; id <= 5_000; id++) {
      rings.insert(slot, id);
      const kept = Math.min(id, LIMITS.ring);
      assert.ok(rings.floor(slot) <= id - kept + 1);
    }
    assert.equal(rings.insert(slot, rings.floor(slot) - 1), false);
    assert.deepEqual(rings.below(slot, 4_999, 3), [4_998, 4_997, 4_996]);
    assert.deepEqual(rings.below(slot, Number.POSITIVE_INFINITY, 2), [5_000, 4_999]);
    assert.deepEqual(rings.below(slot, rings.floor(slot), 3), []);
  });

  test('gives its memory and its slot back', () => {
    const rings = createRings({ maxBytes: PLENTY });
    for (let reader = 1; reader <= 50; reader++) rings.insert(rings.register(reader), reader);
    const used = rings.bytes();
    for (let reader = 1; reader <= 50; reader++) rings.remove(rings.find(reader));
    assert.equal(rings.bytes(), 0);
    for (let reader = 51; reader <= 100; reader++) {
      const slot = rings.register(reader);
      assert.deepEqual([...rings.copy(slot)], []);
      assert.equal(rings.floor(slot), 0);
    }
    assert.equal(rings.bytes(), used);
    assert.equal(rings.slots(), 50);
  });

  test('that nobody reads goes first, one that is being filled never', () => {
    const rings = createRings({ maxBytes: PLENTY });
    for (let reader = 1; reader <= 3; reader++) rings.register(reader);
    assert.equal(rings.victim(), -1);
    for (let reader = 1; reader <= 3; reader++) rings.makeReady(rings.find(reader), 0);
    assert.notEqual(rings.victim(), -1);
    for (const reader of [1, 3]) rings.touch(rings.find(reader), 1);
    assert.equal(rings.readerOf(rings.victim()), 2);
  });
});
