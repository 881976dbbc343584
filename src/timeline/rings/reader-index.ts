/**
 * Finds a reader's slot: an open-addressing table with linear probing in two typed arrays. A `Map` finds as well,
 * but every delivery probes this table once, most of them in vain.
 */
import type { UserId } from '#contract/ids.ts';

export interface ReaderIndex {
  /** The slot, or -1. */
  get(reader: UserId): number;
  set(reader: UserId, slot: number): void;
  delete(reader: UserId): void;
  bytes(): number;
}

const FIRST_BITS = 10;

export function createReaderIndex(): ReaderIndex {
  let bits = FIRST_BITS;
  let mask = 2 ** bits - 1;
  /** 0 is nobody's id: an empty place. */
  let readers = new Uint32Array(2 ** bits);
  let slots = new Int32Array(2 ** bits);
  let count = 0;

  /** Fibonacci hashing: the high bits of a multiplication by 2^32 / golden ratio spread dense ids. */
  const home = (reader: UserId) => Math.imul(reader, 0x9e3779b1) >>> (32 - bits);

  function place(reader: UserId): number {
    let at = home(reader);
    while (readers[at] !== 0 && readers[at] !== reader) at = (at + 1) & mask;
    return at;
  }

  function grow(): void {
    const [oldReaders, oldSlots] = [readers, slots];
    bits += 1;
    mask = 2 ** bits - 1;
    readers = new Uint32Array(2 ** bits);
    slots = new Int32Array(2 ** bits);
    for (let i = 0; i < oldReaders.length; i++) {
      const reader = oldReaders[i]!;
      if (reader === 0) continue;
      const at = place(reader);
      readers[at] = reader;
      slots[at] = oldSlots[i]!;
    }
  }

  return {
    get(reader) {
      const at = place(reader);
      return readers[at] === 0 ? -1 : slots[at]!;
    },
    set(reader, slot) {
      if (count * 2 >= readers.length) grow();
      const at = place(reader);
      if (readers[at] === 0) count += 1;
      readers[at] = reader;
      slots[at] = slot;
    },
    delete(reader) {
      let hole = place(reader);
      if (readers[hole] === 0) return;
      count -= 1;
      // Moves back what a probe would otherwise not reach any more (Knuth, volume 3, 6.4, algorithm R).
      for (let at = (hole + 1) & mask; readers[at] !== 0; at = (at + 1) & mask) {
        const wanted = home(readers[at]!);
        if (((at - wanted) & mask) < ((at - hole) & mask)) continue;
        readers[hole] = readers[at]!;
        slots[hole] = slots[at]!;
        hole = at;
      }
      readers[hole] = 0;
    },
    bytes: () => readers.byteLength + slots.byteLength,
  };
}
