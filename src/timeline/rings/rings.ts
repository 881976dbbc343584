/**
 * Home timelines in memory. A ring holds a reader's newest activities (at least 800 where there are as many), sorted
 * by magnitude, each once, and a floor: **every candidate at or above the floor is in the ring**. Ids below the floor
 * are dropped; trimming raises it; what lies beneath is read by pull. All rings live in shared typed arrays.
 *
 * Rings are caches: whatever happens to one, its reader's home can be made again from facts.
 */
import type { ActivityId, Snowflake, UserId } from '#contract/ids.ts';
import { LIMITS } from '#contract/limits.ts';
import { createReaderIndex } from './reader-index.ts';
import { BLOCK_SIZES, createSlabs, LARGEST_CLASS } from './slabs.ts';

/** Where a ring is; valid until it is removed. Look it up again after every await. */
export type Slot = number;

export interface Rings {
  /** The reader's slot, or -1. A ring that is being filled is found too: deliveries go there from then on. */
  find(reader: UserId): Slot;
  /** A new, empty ring with floor 0, not ready yet. The reader must not have one. */
  register(reader: UserId): Slot;
  /** The ring holds every candidate at or above its floor from now on. */
  makeReady(slot: Slot, now_ms: number): void;
  isReady(slot: Slot): boolean;
  /** Keeps the ring sorted, each activity once; false where it is there already or lies below the floor. */
  insert(slot: Slot, activity: ActivityId): boolean;
  /** Drops everything below; never lowers. */
  raiseFloor(slot: Slot, floor: Snowflake): void;
  floor(slot: Slot): Snowflake;
  /** The newest activities below `below`, newest first, at most `limit`. */
  below(slot: Slot, below: Snowflake, limit: number): ActivityId[];
  /** All of it, oldest first: a copy. */
  copy(slot: Slot): Float64Array;
  remove(slot: Slot): void;
  removeAll(): void;

  readerOf(slot: Slot): UserId;
  /** Digest of whom the ring is complete for (see home/circle.ts). */
  members(slot: Slot): number;
  setMembers(slot: Slot, members: number): void;
  /** Notes a read: for eviction, and for who was seen lately. */
  touch(slot: Slot, now_ms: number): void;
  lastRead_ms(slot: Slot): number;
  /** It changed since it was saved. */
  isDirty(slot: Slot): boolean;
  savedAt_ms(slot: Slot): number;
  markSaved(slot: Slot, now_ms: number): void;
  /** A ready ring that nobody read since the hand came by last (second chance); -1 where there is none. */
  victim(): Slot;
  /** Slots are numbers below this; `isReady` tells the ones in use. */
  slots(): number;
  count(): number;
  bytes(): number;
}

export interface RingsOptions {
  /** Rings that would need more memory than this are trimmed instead of growing. */
  maxBytes: number;
}

const UNUSED = 0;
const FILLING = 1;
const READY = 2;

export function createRings({ maxBytes }: RingsOptions): Rings {
  const index = createReaderIndex();
  const slabs = createSlabs();
  const free: Slot[] = [];
  let end = 0;
  let count = 0;
  let hand = 0;
  const chunks: Float64Array[] = [];
  let capacity = 1_024;
  let offsets = new Uint32Array(capacity);
  let lengths = new Uint16Array(capacity);
  let classes = new Uint8Array(capacity);
  let states = new Uint8Array(capacity);
  let dirty = new Uint8Array(capacity);
  let touched = new Uint8Array(capacity);
  let readers = new Uint32Array(capacity);
  let floors = new Float64Array(capacity);
  let members = new Float64Array(capacity);
  let reads = new Float64Array(capacity);
  let saves = new Float64Array(capacity);

  function grown<A extends Uint32Array | Uint16Array | Uint8Array | Float64Array>(
    old: A,
    make: (n: number) => A,
  ): A {
    const next = make(capacity);
    next.set(old);
    return next;
  }
  function growSlots(): void {
    capacity *= 2;
    offsets = grown(offsets, (n) => new Uint32Array(n));
    lengths = grown(lengths, (n) => new Uint16Array(n));
    classes = grown(classes, (n) => new Uint8Array(n));
    states = grown(states, (n) => new Uint8Array(n));
    dirty = grown(dirty, (n) => new Uint8Array(n));
    touched = grown(touched, (n) => new Uint8Array(n));
    readers = grown(readers, (n) => new Uint32Array(n));
    floors = grown(floors, (n) => new Float64Array(n));
    members = grown(members, (n) => new Float64Array(n));
    reads = grown(reads, (n) => new Float64Array(n));
    saves = grown(saves, (n) => new Float64Array(n));
  }

  /** How many of the ring's activities lie below a magnitude. */
  function rank(slot: Slot, magnitude: Snowflake): number {
    const values = chunks[slot]!;
    const offset = offsets[slot]!;
    let low = 0;
    let high = lengths[slot]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (Math.abs(values[offset + middle]!) < magnitude) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function keepNewest(slot: Slot, kept: number): void {
    const values = chunks[slot]!;
    const offset = offsets[slot]!;
    const length = lengths[slot]!;
    values.copyWithin(offset, offset + length - kept, offset + length);
    lengths[slot] = kept;
  }

  function move(slot: Slot, sizeClass: number): void {
    const from = chunks[slot]!;
    const offset = offsets[slot]!;
    const block = slabs.allocate(sizeClass);
    block.chunk.set(from.subarray(offset, offset + lengths[slot]!), block.offset);
    slabs.release(classes[slot]!, from, offset);
    chunks[slot] = block.chunk;
    offsets[slot] = block.offset;
    classes[slot] = sizeClass;
  }

  /** A larger block, or, in the largest one and where memory is short, fewer activities and a higher floor. */
  function makeRoom(slot: Slot): void {
    const sizeClass = classes[slot]!;
    const mayGrow = sizeClass < LARGEST_CLASS && slabs.bytes() + BLOCK_SIZES[sizeClass + 1]! * 8 <= maxBytes;
    if (mayGrow) {
      move(slot, sizeClass + 1);
      return;
    }
    const kept = sizeClass === LARGEST_CLASS ? LIMITS.ring : BLOCK_SIZES[sizeClass]! >>> 1;
    keepNewest(slot, kept);
    floors[slot] = Math.abs(chunks[slot]![offsets[slot]!]!);
  }

  function insertAmong(slot: Slot, activity: ActivityId, magnitude: Snowflake): boolean {
    const at = offsets[slot]! + rank(slot, magnitude);
    const values = chunks[slot]!;
    const last = offsets[slot]! + lengths[slot]!;
    if (at < last && Math.abs(values[at]!) === magnitude) return false;
    values.copyWithin(at + 1, at, last);
    values[at] = activity;
    lengths[slot] = lengths[slot]! + 1;
    dirty[slot] = 1;
    return true;
  }

  function remove(slot: Slot): void {
    index.delete(readers[slot]!);
    slabs.release(classes[slot]!, chunks[slot]!, offsets[slot]!);
    states[slot] = UNUSED;
    free.push(slot);
    count -= 1;
  }

  return {
    find: (reader) => index.get(reader),
    register(reader) {
      const slot = free.pop() ?? end++;
      if (slot >= capacity) growSlots();
      const block = slabs.allocate(0);
      chunks[slot] = block.chunk;
      offsets[slot] = block.offset;
      for (const column of [lengths, classes, floors, members, reads, saves]) column[slot] = 0;
      states[slot] = FILLING;
      dirty[slot] = 1;
      touched[slot] = 1;
      readers[slot] = reader;
      index.set(reader, slot);
      count += 1;
      return slot;
    },
    makeReady(slot, now_ms) {
      states[slot] = READY;
      saves[slot] = now_ms;
    },
    isReady: (slot) => states[slot] === READY,
    insert(slot, activity) {
      const magnitude = Math.abs(activity);
      if (magnitude < floors[slot]!) return false;
      let length = lengths[slot]!;
      if (length === BLOCK_SIZES[classes[slot]!]!) {
        makeRoom(slot);
        if (magnitude < floors[slot]!) return false;
        length = lengths[slot]!;
      }
      const values = chunks[slot]!;
      const next = offsets[slot]! + length;
      if (length > 0 && magnitude <= Math.abs(values[next - 1]!))
        return insertAmong(slot, activity, magnitude);
      values[next] = activity;
      lengths[slot] = length + 1;
      dirty[slot] = 1;
      return true;
    },
    raiseFloor(slot, floor) {
      if (floor <= floors[slot]!) return;
      keepNewest(slot, lengths[slot]! - rank(slot, floor));
      floors[slot] = floor;
      dirty[slot] = 1;
    },
    floor: (slot) => floors[slot]!,
    below(slot, below, limit) {
      const values = chunks[slot]!;
      const offset = offsets[slot]!;
      const found: ActivityId[] = [];
      const end = rank(slot, below);
      for (let at = end - 1; at >= Math.max(0, end - limit); at--) found.push(values[offset + at]!);
      return found;
    },
    copy: (slot) => chunks[slot]!.slice(offsets[slot]!, offsets[slot]! + lengths[slot]!),
    remove,
    removeAll() {
      for (let slot = 0; slot < end; slot++) if (states[slot] !== UNUSED) remove(slot);
    },
    readerOf: (slot) => readers[slot]!,
    members: (slot) => members[slot]!,
    setMembers(slot, digest) {
      members[slot] = digest;
      dirty[slot] = 1;
    },
    touch(slot, now_ms) {
      touched[slot] = 1;
      reads[slot] = now_ms;
    },
    lastRead_ms: (slot) => reads[slot]!,
    isDirty: (slot) => dirty[slot] === 1,
    savedAt_ms: (slot) => saves[slot]!,
    markSaved(slot, now_ms) {
      dirty[slot] = 0;
      saves[slot] = now_ms;
    },
    victim() {
      for (let looked = 0; looked < 2 * end; looked++) {
        hand = hand + 1 < end ? hand + 1 : 0;
        if (states[hand] !== READY) continue;
        if (touched[hand] === 0) return hand;
        touched[hand] = 0;
      }
      return -1;
    },
    slots: () => end,
    count: () => count,
    bytes: () => slabs.bytes(),
  };
}
