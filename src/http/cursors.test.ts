import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { isWarbleError } from '#domain/errors.ts';
import { createCursors, openBefore, sealNext } from './cursors.ts';

const cursors = createCursors({ key: Buffer.alloc(32, 7) });
const refuses = (work: () => unknown) =>
  assert.throws(work, (error) => isWarbleError(error, 'invalid_cursor'));

test('a cursor opens to the position it was sealed from, also in another process with the same key', () => {
  const elsewhere = createCursors({ key: Buffer.alloc(32, 7) });
  fc.assert(
    fc.property(
      fc.string(),
      fc.array(fc.oneof(fc.maxSafeInteger(), fc.string({ maxLength: 30 })), { maxLength: 4 }),
      (scope, position) => {
        assert.deepEqual(elsewhere.open(scope, cursors.seal(scope, position)), position);
      },
    ),
    { numRuns: 200 },
  );
});

test('a cursor of another scope is refused', () => {
  const cursor = cursors.seal('home|1|1|own', [5]);
  for (const scope of ['tweets|1|1|own', 'home|1|1|', 'home|1|1|own ', '']) {
    refuses(() => cursors.open(scope, cursor));
  }
});

test('what was changed in any byte, cut, made up or sealed with another key is refused', () => {
  const cursor = cursors.seal('s', [123]);
  const sealed = Buffer.from(cursor, 'base64url');
  for (let i = 0; i < sealed.length; i++) {
    const changed = Buffer.from(sealed);
    changed[i]! ^= 1;
    refuses(() => cursors.open('s', changed.toString('base64url')));
  }
  for (const made of [
    '',
    'x',
    cursor.slice(1),
    cursor.slice(0, -4),
    `${cursor}AAAA`,
    randomBytes(80).toString('base64url'),
    Buffer.from('[1]').toString('base64'),
    `${cursor.slice(0, -1)}=`,
    createCursors({ key: Buffer.alloc(32, 8) }).seal('s', [123]),
  ]) {
    refuses(() => cursors.open('s', made));
  }
});

test('a cursor tells nothing of its position: neither text nor length', () => {
  const small = cursors.seal('s', [1]);
  const large = cursors.seal('s', [Number.MAX_SAFE_INTEGER]);
  assert.equal(small.length, large.length);
  const bytes = Buffer.from(large, 'base64url');
  assert.ok(!bytes.includes(String(Number.MAX_SAFE_INTEGER)));
  const neighbour = Buffer.from(cursors.seal('s', [Number.MAX_SAFE_INTEGER - 1]), 'base64url');
  const same = bytes.filter((byte, i) => byte === neighbour[i]).length;
  assert.ok(same < bytes.length / 4, `${same} of ${bytes.length} bytes are the same`);
});

test('lists of ids begin without a cursor and end with null', () => {
  assert.equal(openBefore(cursors, 's', undefined), null);
  assert.equal(sealNext(cursors, 's', null), null);
  assert.equal(openBefore(cursors, 's', sealNext(cursors, 's', 42) ?? ''), 42);
});
