import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createIdSlots } from './id-slots.ts';
import { createSeededRandom } from './random.ts';

describe('slots by id', () => {
  test('gives back what was kept last, or nothing, and forgets what it is told to', () => {
    const random = createSeededRandom(7);
    const slots = createIdSlots<number>({ max: 64 });
    const last = new Map<number, number>();
    let found = 0;
    for (let step = 0; step < 20_000; step++) {
      // Small ids, and ones beyond 32 bits as snowflakes are.
      const id = 1 + random.integer(60) + (random.integer(2) === 0 ? 0 : 2 ** 44);
      const act = random.integer(4);
      if (act === 0) {
        slots.delete(id);
        last.delete(id);
      } else if (act === 1) {
        slots.set(id, step);
        last.set(id, step);
      } else {
        const value = slots.get(id);
        if (value !== undefined) found += 1;
        assert.ok(value === undefined || value === last.get(id), `id ${id} at step ${step}`);
      }
    }
    assert.ok(found > 1_000, 'it keeps a good part');
    slots.clear();
    for (const id of last.keys()) assert.equal(slots.get(id), undefined);
  });

  test('never holds more than its bound', () => {
    const slots = createIdSlots<number>({ max: 16 });
    for (let id = 1; id <= 1_000; id++) slots.set(id, id);
    const held = Array.from({ length: 1_000 }, (_, i) => slots.get(i + 1)).filter(
      (value) => value !== undefined,
    );
    assert.ok(held.length > 0 && held.length <= 16);
  });

  test('holds most of what fits, whatever the ids have in common', () => {
    for (const stride of [1, 64, 4_096, 2 ** 20, 2 ** 33]) {
      const slots = createIdSlots<number>({ max: 4_096 });
      for (let i = 1; i <= 2_048; i++) slots.set(i * stride, i);
      let held = 0;
      for (let i = 1; i <= 2_048; i++) if (slots.get(i * stride) === i) held += 1;
      assert.ok(held > 1_700, `${held} of 2,048 at stride ${stride}`);
    }
  });
});
