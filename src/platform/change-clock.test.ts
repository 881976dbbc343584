import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createChangeClock } from './change-clock.ts';
import { type Changed, createChangeTeller, TELLS_NOTHING } from './change-source.ts';

const owned = () => createChangeTeller({ soleOwner: true });
const id = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 2 ** 40, max: 2 ** 40 + 40 }));
const change: fc.Arbitrary<Changed> = fc.oneof(
  { weight: 9, arbitrary: fc.array(id, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constant('everything' as const) },
);
const touches = (changed: Changed, each: number) => changed === 'everything' || [...changed].includes(each);

describe('a change clock', () => {
  test('has seen whatever changed after a moment, from any source, and nothing before it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(1), change), { maxLength: 30 }),
        fc.array(id, { minLength: 1, maxLength: 5 }),
        fc.nat(30),
        fc.constantFrom(2, 64, 65_536),
        (changes, ids, kept, slots) => {
          const sources = [owned(), owned()] as const;
          const clock = createChangeClock(sources, { slots });
          for (const [source, changed] of changes.slice(0, kept)) sources[source]!.tell(changed);
          const since = clock.now();
          for (const each of ids) assert.equal(clock.unchanged(each, since), true);
          const later = changes.slice(kept);
          for (const [source, changed] of later) sources[source]!.tell(changed);
          for (const each of ids) {
            if (later.some(([, changed]) => touches(changed, each)))
              assert.equal(clock.unchanged(each, since), false);
          }
        },
      ),
    );
  });

  test('gives few false alarms: of 10,000 others, 1,000 changes stir less than one in 30', () => {
    const source = owned();
    const clock = createChangeClock([source]);
    const since = clock.now();
    for (let changed = 1; changed <= 1_000; changed++) source.tell([changed * 2 ** 22]);
    let alarms = 0;
    for (let other = 1; other <= 10_000; other++) if (!clock.unchanged(other, since)) alarms += 1;
    assert.ok(alarms < 10_000 / 30, `${alarms} false alarms`);
  });

  test('tells its listeners when it has moved on, in the same turn', () => {
    const source = owned();
    const clock = createChangeClock([source]);
    const since = clock.now();
    const told: unknown[] = [];
    clock.onChange((changed) => told.push(changed, clock.unchanged(7, since)));
    source.tell([7]);
    assert.deepEqual(told, [[7], false]);
  });

  test('hears all only if every source is of a sole owner', () => {
    assert.equal(createChangeClock([owned(), owned()]).hearsAll, true);
    assert.equal(createChangeClock([owned(), TELLS_NOTHING]).hearsAll, false);
  });
});
