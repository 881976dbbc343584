import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createHmacSha256 } from './hmac.ts';

test('it is the HMAC of RFC 2104, for any key and message', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 300 }), (key, message) => {
      const expected = createHmac('sha256', key).update(message).digest('latin1');
      const hmac = createHmacSha256(key, { max: 300 });
      hmac('an earlier message leaves nothing behind');
      assert.equal(hmac(Buffer.from(message).toString('latin1')), expected);
    }),
  );
});

test('the second example of RFC 4231', () => {
  const hmac = createHmacSha256(Buffer.from('Jefe'), { max: 64 });
  const expected = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
  assert.equal(Buffer.from(hmac('what do ya want for nothing?'), 'latin1').toString('hex'), expected);
});

test('a key longer than a block is refused, and a message longer than was said', () => {
  assert.throws(() => createHmacSha256(Buffer.alloc(65), { max: 1 }), RangeError);
  assert.throws(() => createHmacSha256(Buffer.alloc(64), { max: 1 })('xx'), RangeError);
});
