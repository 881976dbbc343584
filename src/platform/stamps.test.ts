import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createStamps } from './stamps.ts';

const id = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 2 ** 40, max: 2 ** 40 + 40 }));

test('whatever changed since is seen, by anybody made of it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(id, { maxLength: 3 }), { maxLength: 30 }),
      fc.array(id, { minLength: 1, maxLength: 5 }),
      fc.nat(30),
      (changes, made, kept) => {
        const stamps = createStamps();
        for (const ids of changes.slice(0, kept)) stamps.touch(ids);
        const since = stamps.now();
        assert.equal(stamps.unchanged(made, since), true, 'what was before counts not');
        for (const ids of changes.slice(kept)) stamps.touch(ids);
        const touched = changes.slice(kept).some((ids) => ids.some((each) => made.includes(each)));
        if (touched) assert.equal(stamps.unchanged(made, since), false);
      },
    ),
  );
});

test('false alarms are few: of 10,000 others, 1,000 changes stir less than one in 30', () => {
  const stamps = createStamps();
  const since = stamps.now();
  for (let changed = 1; changed <= 1_000; changed++) stamps.touch([changed * 2 ** 22]);
  let alarms = 0;
  for (let other = 1; other <= 10_000; other++) if (!stamps.unchanged([other], since)) alarms++;
  assert.ok(alarms < 10_000 / 30, `${alarms} false alarms`);
});
