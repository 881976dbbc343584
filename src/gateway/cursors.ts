/**
 * Cursors: where a list goes on, sealed. A place holds positions such as a follow edge's id, so a cursor is
 * encrypted as well as authenticated, over the list, its reader and its filters.
 *
 * Sealing is a synthetic-IV construction (as RFC 5297, with HMAC-SHA-256 for AES): tag = HMAC(scope, place) cut to
 * 128 bits, text = place XOR keystream, where the keystream is HMAC(tag, counter) under a key of its own (counter mode
 * as in NIST SP 800-108). It needs no randomness, so the same place always gives the same cursor and no nonce can be
 * used twice. The decision with its measurements: docs/decisions/0016-pages-of-json.md.
 */
import { hkdfSync, timingSafeEqual } from 'node:crypto';
import { WarbleError } from '#contract/errors.ts';
import { createHmacSha256, HMAC_BYTES } from './hmac.ts';

/** The numbers and short texts that a list needs to go on. */
export type Place = readonly (number | string)[];

export interface Cursors {
  /** `scope` names list, reader and filters: a cursor opens under the very scope it was sealed under. */
  seal(scope: string, place: Place): string;
  /** Throws `invalid_cursor`. */
  open(scope: string, cursor: string): Place;
}

export interface CursorsDeps {
  /** 32 secret bytes, the same in every process and for as long as cursors shall hold. */
  key: Buffer;
}

const TAG_BYTES = 16;
/** Most digits of a number, and what JSON puts around it. */
const NUMBER_BYTES = 17;
const SHAPE = /^[A-Za-z0-9_-]{64,600}$/;

export function createCursors({ key }: CursorsDeps): Cursors {
  const tagHmac = createHmacSha256(subkey(key, 'cursor tag'));
  const streamHmac = createHmacSha256(subkey(key, 'cursor text'));
  const tagOf = (scope: string, place: Buffer) => {
    const tag = tagHmac(Buffer.concat([Buffer.from(`${scope}\n`), place]));
    return Buffer.from(tag, 'latin1').subarray(0, TAG_BYTES);
  };

  /** Puts the keystream of a tag on a text, or takes it off again. */
  function cross(tag: Buffer, text: Buffer): Buffer {
    const crossed = Buffer.allocUnsafe(text.length);
    const block = Buffer.concat([tag, Buffer.of(0)]);
    for (let at = 0; at < text.length; at += HMAC_BYTES) {
      block[TAG_BYTES] = at / HMAC_BYTES;
      const stream = streamHmac(block);
      const end = Math.min(at + HMAC_BYTES, text.length);
      for (let i = at; i < end; i++) crossed[i] = text[i]! ^ stream.charCodeAt(i - at);
    }
    return crossed;
  }

  return {
    seal(scope, place) {
      const plain = padded(place);
      const tag = tagOf(scope, plain);
      return Buffer.concat([tag, cross(tag, plain)]).toString('base64url');
    },
    open(scope, cursor) {
      if (!SHAPE.test(cursor)) throw invalidCursor();
      const sealed = Buffer.from(cursor, 'base64url');
      const tag = sealed.subarray(0, TAG_BYTES);
      const plain = cross(tag, sealed.subarray(TAG_BYTES));
      if (!timingSafeEqual(tag, tagOf(scope, plain))) throw invalidCursor();
      return JSON.parse(plain.toString()) as Place;
    },
  };
}

/** JSON with spaces behind it, so that a cursor's length tells how many numbers are in it, not how large they are. */
function padded(place: Place): Buffer {
  const json = JSON.stringify(place);
  const least = Math.max(Buffer.byteLength(json), place.length * NUMBER_BYTES + 1);
  const plain = Buffer.alloc(Math.ceil(least / HMAC_BYTES) * HMAC_BYTES, ' ');
  plain.write(json);
  return plain;
}

function subkey(key: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), purpose, HMAC_BYTES));
}

function invalidCursor(): WarbleError {
  return new WarbleError(
    'invalid_cursor',
    'Send the nextCursor of this very list, as it was; or begin without.',
    {
      errors: [{ pointer: '#/query/cursor', detail: 'does not belong to this list, reader and filters' }],
    },
  );
}

/** For lists whose place is one id: what `before` it comes next. Null where the list begins. */
export function openBefore(cursors: Cursors, scope: string, cursor: string | undefined): number | null {
  return cursor === undefined ? null : (cursors.open(scope, cursor)[0] as number);
}

/** The `nextCursor` of such a list. */
export function sealNext(cursors: Cursors, scope: string, next: number | null): string | null {
  return next === null ? null : cursors.seal(scope, [next]);
}

/** The scope of a list: its name, whom or what it is of, who reads it, and what narrows it. */
export function scopeOf(list: string, subject: number, reader: number | null, filters = ''): string {
  return `${list}|${subject}|${reader ?? 0}|${filters}`;
}
