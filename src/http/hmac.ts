/**
 * HMAC-SHA-256 (RFC 2104) from one-shot hashes, without a buffer or native object for each message: native objects
 * that the garbage collector must finalise cost a busy server several times what they cost in a loop. Strings hold
 * one byte a character ("latin1").
 */
import { hash } from 'node:crypto';

/** The block size of SHA-256. */
const BLOCK_BYTES = 64;
export const HMAC_BYTES = 32;

/** The HMAC of a message; both one byte a character. */
export type Hmac = (message: string) => string;

/** `key`: at most 64 bytes. Messages have at most `max` bytes. */
export function createHmacSha256(key: Uint8Array, { max }: { max: number }): Hmac {
  if (key.length > BLOCK_BYTES) throw new RangeError(`A key has at most ${BLOCK_BYTES} bytes.`);
  const inner = Buffer.concat([padded(key, 0x36), Buffer.alloc(max)]);
  const outer = Buffer.concat([padded(key, 0x5c), Buffer.alloc(HMAC_BYTES)]);
  /** By message length: the part of `inner` that such a message fills. */
  const parts: Buffer[] = [];
  return (message) => {
    const { length } = message;
    if (length > max) throw new RangeError(`A message has at most ${max} bytes.`);
    inner.write(message, BLOCK_BYTES, 'latin1');
    parts[length] ??= inner.subarray(0, BLOCK_BYTES + length);
    outer.write(hash('sha256', parts[length], 'latin1'), BLOCK_BYTES, 'latin1');
    return hash('sha256', outer, 'latin1');
  };
}

function padded(key: Uint8Array, byte: number): Buffer {
  const pad = Buffer.alloc(BLOCK_BYTES, byte);
  for (const [i, part] of key.entries()) pad[i]! ^= part;
  return pad;
}
