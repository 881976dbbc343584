/**
 * Maps readers to slots: an open-addressing hash table with linear probing, in one typed array. A `Map` would do, but
 * every delivery probes this table once, mostly in vain.
 */
import type { UserId } from '#domain/ids.ts';

export interface ReaderIndex {
  /** The slot, or -1. */
  get(reader: UserId): number;
  set(reader: UserId, slot: number): void;
  delete(reader: UserId): void;
}

const FIRST_BITS = 10;

export function createReaderIndex(): ReaderIndex {
  let bits = FIRST_BITS;
  let mask = 2 ** bits - 1;
  /**
   * Reader and slot side by side, so that one memory access fetches both. Reader 0, which no user has: an empty bucket.
   */
  let table = new Uint32Array(2 ** (bits + 1));
  let count = 0;

  /** Fibonacci hashing: the high bits of a product with 2^32 / golden ratio spread dense ids. */
  const home = (reader: UserId) => Math.imul(reader, 0x9e3779b1) >>> (32 - bits);

  function bucketOf(reader: UserId): number {
    let at = home(reader);
    while (table[2 * at] !== 0 && table[2 * at] !== reader) at = (at + 1) & mask;
    return at;
  }
  function put(at: number, reader: UserId, slot: number): void {
    table[2 * at] = reader;
    table[2 * at + 1] = slot;
  }

  function grow(): void {
    const old = table;
    bits += 1;
    mask = 2 ** bits - 1;
    table = new Uint32Array(2 ** (bits + 1));
    for (let i = 0; i < old.length; i += 2) {
      const reader = old[i]!;
      if (reader !== 0) put(bucketOf(reader), reader, old[i + 1]!);
    }
  }

  return {
    get(reader) {
      const at = bucketOf(reader);
      return table[2 * at] === 0 ? -1 : table[2 * at + 1]!;
    },
    set(reader, slot) {
      if (count * 2 > mask) grow();
      const at = bucketOf(reader);
      if (table[2 * at] === 0) count += 1;
      put(at, reader, slot);
    },
    delete(reader) {
      let hole = bucketOf(reader);
      if (table[2 * hole] === 0) return;
      count -= 1;
      // Moves back entries that a probe would no longer reach (Knuth, volume 3, 6.4, algorithm R).
      for (let at = (hole + 1) & mask; table[2 * at] !== 0; at = (at + 1) & mask) {
        const wanted = home(table[2 * at]!);
        if (((at - wanted) & mask) < ((at - hole) & mask)) continue;
        put(hole, table[2 * at]!, table[2 * at + 1]!);
        hole = at;
      }
      table[2 * hole] = 0;
    },
  };
}
