/**
 * Writes rings to the Timeline DB: when one must make room for another, at shutdown, and at most every ten minutes
 * while it changes. A row says how far fan-out had got when it was packed, never how far the log had: only that has
 * been delivered. A write that fails costs a pull later and nothing else.
 */
import { PARTITIONS } from '#domain/events.ts';
import type { UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Clock } from '#platform/clock.ts';
import type { Worker } from '#platform/worker.ts';
import type { Rings, Slot } from '../home-timelines/home-timelines.ts';
import type { PackedHome, TimelineDb } from '../timeline-db.ts';

export interface Keeping {
  /** Fan-out's newest positions. */
  setProgress(completeTo: PackedHome['completeTo']): void;
  progress(): PackedHome['completeTo'];
  /** Evicts rings until there is room for one more; what they held is written soon after. */
  makeRoom(): void;
  /** Evicted rings that wait to be written are not written any more. */
  dropEvicted(): void;
  /** Writes every ring that changed since it was written. */
  flush(): Promise<void>;
  /** Lets go of somebody's home, here and in the Timeline DB, and of their pulled activities. */
  forget(person: UserId): Promise<void>;
  worker: Worker;
}

export interface KeepingDeps {
  rings: Rings;
  timelineDb: Pick<TimelineDb, 'save' | 'dropOlder' | 'forget'>;
  clock: Clock;
  /** Rings at most, and bytes at which a new one takes the place of another. */
  maxRings: number;
  maxBytes: number;
}

const SAVE_EVERY_MS = 10 * 60_000;
/** Rows per write: a few milliseconds. */
const ROWS_AT_ONCE = 100;
/** Slots looked at per step. */
const LOOKED_AT_ONCE = 20_000;
/** Evicted homes that wait to be written; beyond it they are not written: their readers' next read pulls. */
const EVICTED_MOST = 2_000;
/** Rows of people who have not been seen for longer than anybody counts as seen lately are of little use. */
const ROW_KEPT_MS = 4 * LIMITS.seenLately_ms;

export function createKeeping({ rings, timelineDb, clock, maxRings, maxBytes }: KeepingDeps): Keeping {
  let completeTo: PackedHome['completeTo'] = {
    tweets: new Array<number>(PARTITIONS).fill(0),
    reposts: new Array<number>(PARTITIONS).fill(0),
  };
  const evicted: PackedHome[] = [];
  let hand = 0;

  function pack(slot: Slot): PackedHome {
    return {
      reader: rings.readerOf(slot),
      ids: rings.copy(slot),
      floor: rings.floor(slot),
      members: rings.members(slot),
      completeTo,
      updatedAt: clock.now(),
    };
  }
  function evict(slot: Slot): void {
    if (rings.isDirty(slot) && evicted.length < EVICTED_MOST) evicted.push(pack(slot));
    rings.remove(slot);
  }

  /** Marked before the write: what comes in meanwhile makes the ring dirty again. */
  async function save(slots: Slot[]): Promise<void> {
    const due = slots.filter((slot) => rings.isReady(slot) && rings.isDirty(slot));
    const homes = due.map(pack);
    for (const slot of due) rings.markSaved(slot, clock.now());
    if (homes.length > 0) await timelineDb.save({ homes });
  }
  async function saveEvicted(): Promise<void> {
    const homes = evicted.splice(0, ROWS_AT_ONCE);
    if (homes.length > 0) await timelineDb.save({ homes });
  }

  /** Goes on around the slots from where it stopped; also lets go of those whose readers have stayed away. */
  function nextDue(): { due: Slot[]; more: boolean } {
    const now = clock.now();
    const due: Slot[] = [];
    for (let looked = 0; looked < LOOKED_AT_ONCE; looked++) {
      if (hand >= rings.slots()) {
        hand = 0;
        return { due, more: false };
      }
      const slot = hand++;
      if (!rings.isReady(slot)) continue;
      if (now - rings.lastRead_ms(slot) > LIMITS.seenLately_ms) evict(slot);
      else if (rings.isDirty(slot) && now - rings.savedAt_ms(slot) >= SAVE_EVERY_MS) due.push(slot);
      if (due.length >= ROWS_AT_ONCE) break;
    }
    return { due, more: true };
  }

  return {
    setProgress(positions) {
      completeTo = positions;
    },
    progress: () => completeTo,
    makeRoom() {
      while (rings.count() >= maxRings || rings.bytes() >= maxBytes) {
        const slot = rings.victim();
        if (slot < 0) return;
        evict(slot);
      }
    },
    dropEvicted() {
      evicted.length = 0;
    },
    async flush() {
      while (evicted.length > 0) await saveEvicted();
      for (let from = 0; from < rings.slots(); from += ROWS_AT_ONCE) {
        await save(Array.from({ length: Math.min(ROWS_AT_ONCE, rings.slots() - from) }, (_, i) => from + i));
      }
    },
    async forget(person) {
      const slot = rings.find(person);
      if (slot >= 0) rings.remove(slot);
      const waiting = evicted.findIndex((home) => home.reader === person);
      if (waiting >= 0) evicted.splice(waiting, 1);
      await timelineDb.forget({ person });
    },
    worker: {
      name: 'timeline-keeping',
      idle_ms: 5_000,
      async step() {
        await saveEvicted();
        const { due, more } = nextDue();
        await save(due);
        if (more || evicted.length > 0) return true;
        return timelineDb.dropOlder({ updatedBefore: clock.now() - ROW_KEPT_MS, limit: ROWS_AT_ONCE });
      },
    },
  };
}
