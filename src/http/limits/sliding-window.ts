import type { Quota } from './quota.ts';

export interface Taken {
  allowed: boolean;
  remaining: number;
  /** Seconds until more are left than now (0: nothing was taken) or, after a refusal, until one would be allowed. */
  reset_s: number;
}

export interface SlidingWindow<Key extends string | number> {
  /**
   * Counts `weight` (1 or more) at `now_ms` unless the quota is used up; the last one that it allows may weigh more than
   * is left. A refusal is not counted.
   */
  take(key: Key, now_ms: number, weight?: number): Taken;
  /** Takes back one of those counted last. */
  giveBack(key: Key, now_ms: number): void;
}

/** How often each of the last slots was used; `newest` is the number of the last one. */
interface Count {
  newest: number;
  total: number;
  slots: Uint16Array;
}

/** Slots per window. One more is kept, for the partial slot at the window's beginning. */
const SLOTS = 15;
const KEPT = SLOTS + 1;
const MAX_COUNTABLE = 65_535;

/**
 * Counts per key over a sliding window: never more than the quota in any window of that length, whereas fixed windows
 * and token buckets let twice as many through. The price is a delay of up to a fifteenth of the window. A key takes
 * some 150 bytes. The last `keys` keys are remembered, and at most twice as many: they are kept in two generations,
 * since an LRU cache would allocate its memory before it is used, for each of some eighty windows.
 */
export function createSlidingWindow<Key extends string | number>(
  { quota, window_ms }: Quota,
  keys: number,
): SlidingWindow<Key> {
  const slot_ms = window_ms / SLOTS;
  const max = Math.min(quota, MAX_COUNTABLE);
  let young = new Map<Key, Count>();
  let old = new Map<Key, Count>();

  function countOf(key: Key, slot: number): Count {
    let count = young.get(key);
    if (count === undefined) {
      count = old.get(key) ?? { newest: slot, total: 0, slots: new Uint16Array(KEPT) };
      if (young.size >= keys) {
        old = young;
        young = new Map();
      }
      young.set(key, count);
    }
    if (slot > count.newest) moveOn(count, slot);
    return count;
  }

  function secondsUntilFreed(count: Count, now_ms: number): number {
    for (let slot = count.newest - SLOTS; slot <= count.newest; slot++) {
      if (count.slots[ringIndex(slot)]! > 0)
        return Math.max(1, Math.ceil(((slot + KEPT) * slot_ms - now_ms) / 1_000));
    }
    return 0;
  }

  return {
    take(key, now_ms, weight = 1) {
      const count = countOf(key, Math.floor(now_ms / slot_ms));
      const allowed = count.total < max;
      if (allowed) {
        const counted = Math.min(weight, max - count.total);
        count.total += counted;
        count.slots[ringIndex(count.newest)]! += counted;
      }
      return { allowed, remaining: max - count.total, reset_s: secondsUntilFreed(count, now_ms) };
    },
    giveBack(key, now_ms) {
      const count = countOf(key, Math.floor(now_ms / slot_ms));
      for (let slot = count.newest; slot >= count.newest - SLOTS; slot--) {
        if (count.slots[ringIndex(slot)]! === 0) continue;
        count.slots[ringIndex(slot)]! -= 1;
        count.total -= 1;
        return;
      }
    },
  };
}

/** Where a slot is kept in the ring. Slots before the clock's origin (a new key's past) are negative. */
function ringIndex(slot: number): number {
  return ((slot % KEPT) + KEPT) % KEPT;
}

/** Forgets the slots that have left the window. */
function moveOn(count: Count, slot: number): void {
  const gone = Math.min(slot - count.newest, KEPT);
  for (let step = 1; step <= gone; step++) {
    const at = ringIndex(count.newest + step);
    count.total -= count.slots[at]!;
    count.slots[at] = 0;
  }
  count.newest = slot;
}
