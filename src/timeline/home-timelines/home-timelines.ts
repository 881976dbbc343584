/**
 * Home timelines in memory. A home timeline holds a reader's newest activities (at least 800 where there are as many),
 * sorted by magnitude, each once, and a floor: **it has every candidate at or above its floor**. Ids below the floor
 * are dropped; trimming raises the floor; what lies beneath is backfilled. All home timelines share a few typed arrays.
 *
 * Home timelines are caches: whatever happens to one, it can be made again from facts.
 */
import type { ActivityId, Snowflake, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import { createReaderIndex } from './reader-index.ts';
import { BLOCK_SIZES, createSlabs, LARGEST_CLASS } from './slabs.ts';

/** Where a home timeline is stored; valid until it is removed. Look it up again after every await. */
export type Slot = number;

export interface HomeTimelines {
  /** The reader's slot, or -1. Finds those being filled too: deliveries go there from their registration on. */
  find(reader: UserId): Slot;
  /** Creates an empty home timeline with floor 0, not ready yet. The reader must not have one. */
  register(reader: UserId): Slot;
  /** From now on it has every candidate at or above its floor. */
  makeReady(slot: Slot, now_ms: number): void;
  isReady(slot: Slot): boolean;
  /** Inserts in order; false where the activity is there already or lies below the floor. */
  insert(slot: Slot, activity: ActivityId): boolean;
  /** Drops everything below `floor`; never lowers the floor. */
  raiseFloor(slot: Slot, floor: Snowflake): void;
  floor(slot: Slot): Snowflake;
  /** The newest activities below `below`, newest first, at most `limit`. */
  below(slot: Slot, below: Snowflake, limit: number): ActivityId[];
  /** A copy of its ids, oldest first. */
  copy(slot: Slot): Float64Array;
  remove(slot: Slot): void;
  removeAll(): void;

  readerOf(slot: Slot): UserId;
  /** Digest of the followees for whom it is complete (see home/followee-set.ts). */
  digest(slot: Slot): number;
  setDigest(slot: Slot, digest: number): void;
  /** Records a read, for eviction and for who was seen lately. */
  touch(slot: Slot, now_ms: number): void;
  lastRead_ms(slot: Slot): number;
  /** Whether it changed since it was saved. */
  isDirty(slot: Slot): boolean;
  savedAt_ms(slot: Slot): number;
  markSaved(slot: Slot, now_ms: number): void;
  /** One that was not read since the clock hand last passed it (second chance); -1 where none is ready. */
  victim(): Slot;
  /** Slots are numbers below this; `isReady` tells which are in use. */
  slots(): number;
  count(): number;
  bytes(): number;
}

export interface HomeTimelinesOptions {
  /** Once all blocks take this much memory, home timelines are trimmed instead of growing. */
  maxBytes: number;
}

const UNUSED = 0;
const FILLING = 1;
const READY = 2;

/**
 * What an insertion looks at lies side by side, one cache line per home timeline. With an array for each field the same
 * loop took three times as long over 200,000 home timelines, waiting for memory.
 */
const LINE = 8;
const FLOOR = 0;
/** Magnitude of the newest activity, 0 in an empty home timeline. */
const NEWEST = 1;
/** The fields from here on are 32-bit numbers, two per double: offsets in the same buffer seen as integers. */
const WORDS = 2 * LINE;
const CHUNK = 4;
const OFFSET = 5;
const LENGTH = 6;
const CAPACITY = 7;
const CLASS = 8;
const STATE = 9;
const DIRTY = 10;
const TOUCHED = 11;
const READER = 12;

export function createHomeTimelines({ maxBytes }: HomeTimelinesOptions): HomeTimelines {
  const index = createReaderIndex();
  const slabs = createSlabs();
  const { chunks } = slabs;
  const free: Slot[] = [];
  let end = 0;
  let count = 0;
  let hand = 0;
  let capacity = 1_024;
  let doubles = new Float64Array(capacity * LINE);
  let words = new Uint32Array(doubles.buffer);
  /** Fields that no insertion looks at. */
  let digests = new Float64Array(capacity);
  let reads = new Float64Array(capacity);
  let saves = new Float64Array(capacity);

  function grown(old: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
    const next = new Float64Array(length);
    next.set(old);
    return next;
  }
  function growSlots(): void {
    capacity *= 2;
    doubles = grown(doubles, capacity * LINE);
    words = new Uint32Array(doubles.buffer);
    digests = grown(digests, capacity);
    reads = grown(reads, capacity);
    saves = grown(saves, capacity);
  }

  const word = (slot: Slot, field: number) => words[slot * WORDS + field]!;
  const valuesOf = (slot: Slot) => chunks[word(slot, CHUNK)]!;

  /** How many of its activities lie below a magnitude. */
  function rank(slot: Slot, magnitude: Snowflake): number {
    const values = valuesOf(slot);
    const offset = word(slot, OFFSET);
    let low = 0;
    let high = word(slot, LENGTH);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (Math.abs(values[offset + middle]!) < magnitude) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function keepNewest(slot: Slot, kept: number): void {
    const offset = word(slot, OFFSET);
    const length = word(slot, LENGTH);
    valuesOf(slot).copyWithin(offset, offset + length - kept, offset + length);
    words[slot * WORDS + LENGTH] = kept;
    if (kept === 0) doubles[slot * LINE + NEWEST] = 0;
  }

  function giveBlock(slot: Slot, sizeClass: number): void {
    const block = slabs.allocate(sizeClass);
    words[slot * WORDS + CHUNK] = block.chunk;
    words[slot * WORDS + OFFSET] = block.offset;
    words[slot * WORDS + CLASS] = sizeClass;
    words[slot * WORDS + CAPACITY] = BLOCK_SIZES[sizeClass]!;
  }
  function takeBlock(slot: Slot): void {
    slabs.release(word(slot, CLASS), { chunk: word(slot, CHUNK), offset: word(slot, OFFSET) });
  }

  function move(slot: Slot, sizeClass: number): void {
    const offset = word(slot, OFFSET);
    const held = valuesOf(slot).subarray(offset, offset + word(slot, LENGTH));
    takeBlock(slot);
    giveBlock(slot, sizeClass);
    valuesOf(slot).set(held, word(slot, OFFSET));
  }

  /** Moves to a larger block or, in the largest one or where memory is short, drops the oldest and raises the floor. */
  function makeRoom(slot: Slot): void {
    const sizeClass = word(slot, CLASS);
    const larger = sizeClass < LARGEST_CLASS ? BLOCK_SIZES[sizeClass + 1]! : Number.POSITIVE_INFINITY;
    if (slabs.bytes() + (larger - BLOCK_SIZES[sizeClass]!) * 8 <= maxBytes) {
      move(slot, sizeClass + 1);
      return;
    }
    keepNewest(slot, sizeClass === LARGEST_CLASS ? LIMITS.homeTimeline : BLOCK_SIZES[sizeClass]! >>> 1);
    doubles[slot * LINE + FLOOR] = Math.abs(valuesOf(slot)[word(slot, OFFSET)]!);
  }

  function insertAmong(slot: Slot, activity: ActivityId, magnitude: Snowflake): boolean {
    const values = valuesOf(slot);
    const offset = word(slot, OFFSET);
    const last = offset + word(slot, LENGTH);
    const at = offset + rank(slot, magnitude);
    if (at < last && Math.abs(values[at]!) === magnitude) return false;
    values.copyWithin(at + 1, at, last);
    values[at] = activity;
    words[slot * WORDS + LENGTH] = last - offset + 1;
    words[slot * WORDS + DIRTY] = 1;
    return true;
  }

  function remove(slot: Slot): void {
    index.delete(word(slot, READER));
    takeBlock(slot);
    words[slot * WORDS + STATE] = UNUSED;
    free.push(slot);
    count -= 1;
  }

  return {
    find: (reader) => index.get(reader),
    register(reader) {
      const slot = free.pop() ?? end++;
      if (slot >= capacity) growSlots();
      doubles.fill(0, slot * LINE, (slot + 1) * LINE);
      digests[slot] = 0;
      reads[slot] = 0;
      saves[slot] = 0;
      giveBlock(slot, 0);
      words[slot * WORDS + STATE] = FILLING;
      words[slot * WORDS + DIRTY] = 1;
      words[slot * WORDS + TOUCHED] = 1;
      words[slot * WORDS + READER] = reader;
      index.set(reader, slot);
      count += 1;
      return slot;
    },
    makeReady(slot, now_ms) {
      words[slot * WORDS + STATE] = READY;
      saves[slot] = now_ms;
    },
    isReady: (slot) => word(slot, STATE) === READY,
    insert(slot, activity) {
      const magnitude = Math.abs(activity);
      if (magnitude < doubles[slot * LINE + FLOOR]!) return false;
      const at = slot * WORDS;
      if (words[at + LENGTH] === words[at + CAPACITY]) {
        makeRoom(slot);
        if (magnitude < doubles[slot * LINE + FLOOR]!) return false;
      }
      if (magnitude <= doubles[slot * LINE + NEWEST]!) return insertAmong(slot, activity, magnitude);
      chunks[words[at + CHUNK]!]![words[at + OFFSET]! + words[at + LENGTH]!] = activity;
      words[at + LENGTH] = words[at + LENGTH]! + 1;
      words[at + DIRTY] = 1;
      doubles[slot * LINE + NEWEST] = magnitude;
      return true;
    },
    raiseFloor(slot, floor) {
      if (floor <= doubles[slot * LINE + FLOOR]!) return;
      keepNewest(slot, word(slot, LENGTH) - rank(slot, floor));
      doubles[slot * LINE + FLOOR] = floor;
      words[slot * WORDS + DIRTY] = 1;
    },
    floor: (slot) => doubles[slot * LINE + FLOOR]!,
    below(slot, below, limit) {
      const values = valuesOf(slot);
      const offset = word(slot, OFFSET);
      const found: ActivityId[] = [];
      const top = rank(slot, below);
      for (let at = top - 1; at >= Math.max(0, top - limit); at--) found.push(values[offset + at]!);
      return found;
    },
    copy: (slot) => valuesOf(slot).slice(word(slot, OFFSET), word(slot, OFFSET) + word(slot, LENGTH)),
    remove,
    removeAll() {
      for (let slot = 0; slot < end; slot++) if (word(slot, STATE) !== UNUSED) remove(slot);
    },
    readerOf: (slot) => word(slot, READER),
    digest: (slot) => digests[slot]!,
    setDigest(slot, digest) {
      digests[slot] = digest;
      words[slot * WORDS + DIRTY] = 1;
    },
    touch(slot, now_ms) {
      words[slot * WORDS + TOUCHED] = 1;
      reads[slot] = now_ms;
    },
    lastRead_ms: (slot) => reads[slot]!,
    isDirty: (slot) => word(slot, DIRTY) === 1,
    savedAt_ms: (slot) => saves[slot]!,
    markSaved(slot, now_ms) {
      words[slot * WORDS + DIRTY] = 0;
      saves[slot] = now_ms;
    },
    victim() {
      for (let looked = 0; looked < 2 * end; looked++) {
        hand = hand + 1 < end ? hand + 1 : 0;
        if (word(hand, STATE) !== READY) continue;
        if (word(hand, TOUCHED) === 0) return hand;
        words[hand * WORDS + TOUCHED] = 0;
      }
      return -1;
    },
    slots: () => end,
    count: () => count,
    bytes: () => slabs.bytes(),
  };
}
