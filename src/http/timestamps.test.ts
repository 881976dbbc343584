import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTimestamps } from './timestamps.ts';

test('times read as Date writes them, in any order of days', () => {
  const { format } = createTimestamps();
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(9999, 11, 31, 23, 59, 59, 999) }), (time_ms) => {
      assert.equal(format(time_ms), new Date(time_ms).toISOString());
    }),
    { numRuns: 2_000 },
  );
  assert.equal(format(Date.UTC(2026, 0, 21, 10, 24, 1)), '2026-01-21T10:24:01.000Z');
});
