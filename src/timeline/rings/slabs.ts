/** Memory for rings: blocks of a few sizes, cut from large shared chunks, so that no ring is an object. */

/** Activities that a block holds, by class. The last one leaves room to append before a trim moves 800 values. */
export const BLOCK_SIZES = [32, 128, 400, 896] as const;
export const LARGEST_CLASS = BLOCK_SIZES.length - 1;

const CHUNK_VALUES = 65_536;
const VALUE_BYTES = 8;

export interface Block {
  chunk: Float64Array;
  offset: number;
}

export interface Slabs {
  allocate(sizeClass: number): Readonly<Block>;
  release(sizeClass: number, chunk: Float64Array, offset: number): void;
  /** Bytes of the blocks in use. */
  bytes(): number;
}

export function createSlabs(): Slabs {
  const free: Block[][] = BLOCK_SIZES.map(() => []);
  let used = 0;

  function refill(sizeClass: number): void {
    const size = BLOCK_SIZES[sizeClass]!;
    const chunk = new Float64Array(Math.floor(CHUNK_VALUES / size) * size);
    for (let offset = chunk.length - size; offset >= 0; offset -= size) {
      free[sizeClass]!.push({ chunk, offset });
    }
  }

  return {
    allocate(sizeClass) {
      const blocks = free[sizeClass]!;
      if (blocks.length === 0) refill(sizeClass);
      used += BLOCK_SIZES[sizeClass]! * VALUE_BYTES;
      return blocks.pop()!;
    },
    release(sizeClass, chunk, offset) {
      used -= BLOCK_SIZES[sizeClass]! * VALUE_BYTES;
      free[sizeClass]!.push({ chunk, offset });
    },
    bytes: () => used,
  };
}
