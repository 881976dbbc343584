/** Memory for home timelines: blocks of a few sizes, cut from large shared chunks, so that none is an object. */

/** Activities per block, by size class. The largest leaves room for appends before a trim moves 800 values. */
export const BLOCK_SIZES = [32, 128, 400, 896] as const;
export const LARGEST_CLASS = BLOCK_SIZES.length - 1;

/** 2 MiB. Pages that were never written take no memory. */
const CHUNK_VALUES = 2 ** 18;
const VALUE_BYTES = 8;

export interface Block {
  /** Index in `chunks`. */
  chunk: number;
  offset: number;
}

export interface Slabs {
  /** Never shrinks; released blocks are reused. */
  readonly chunks: Float64Array[];
  allocate(sizeClass: number): Block;
  release(sizeClass: number, block: Block): void;
  /** Bytes in the blocks in use. */
  bytes(): number;
}

export function createSlabs(): Slabs {
  const chunks: Float64Array[] = [];
  const free: Block[][] = BLOCK_SIZES.map(() => []);
  let used = 0;

  function refill(sizeClass: number): void {
    const size = BLOCK_SIZES[sizeClass]!;
    const chunk = chunks.push(new Float64Array(CHUNK_VALUES)) - 1;
    for (let offset = CHUNK_VALUES - size; offset >= 0; offset -= size)
      free[sizeClass]!.push({ chunk, offset });
  }

  return {
    chunks,
    allocate(sizeClass) {
      if (free[sizeClass]!.length === 0) refill(sizeClass);
      used += BLOCK_SIZES[sizeClass]! * VALUE_BYTES;
      return free[sizeClass]!.pop()!;
    },
    release(sizeClass, block) {
      used -= BLOCK_SIZES[sizeClass]! * VALUE_BYTES;
      free[sizeClass]!.push(block);
    },
    bytes: () => used,
  };
}
