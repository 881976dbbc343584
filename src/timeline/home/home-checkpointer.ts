/**
 * Writes home timelines to the Timeline DB: when they are evicted, at shutdown, and at most every ten minutes while
 * they change. A row says how far fan-out had delivered when it was packed, not how far the log went then. A write that
 * fails costs a later backfill and nothing else.
 */
import { PARTITIONS } from '#domain/events.ts';
import type { UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Clock } from '#platform/clock.ts';
import type { Worker } from '#platform/worker.ts';
import type { HomeTimelines, Slot } from '../home-timelines/home-timelines.ts';
import type { PackedHome, TimelineDb } from '../timeline-db.ts';

export interface HomeCheckpointer {
  /** Sets fan-out's newest positions. */
  setProgress(completeTo: PackedHome['completeTo']): void;
  progress(): PackedHome['completeTo'];
  /** Evicts home timelines until there is room for one more; what they held is written soon afterwards. */
  makeRoom(): void;
  /** Drops evicted home timelines that wait to be written. */
  dropEvicted(): void;
  /** Writes every home timeline that changed since it was written. */
  flush(): Promise<void>;
  /** Deletes a user's home, in memory and in the Timeline DB, and the user's activities that are fanned out on read. */
  forget(user: UserId): Promise<void>;
  worker: Worker;
}

export interface HomeCheckpointerDeps {
  homeTimelines: HomeTimelines;
  timelineDb: Pick<TimelineDb, 'save' | 'dropOlder' | 'forget'>;
  clock: Clock;
  /** The most home timelines, and the bytes at which a new one evicts another. */
  maxHomeTimelines: number;
  maxBytes: number;
}

const SAVE_EVERY_MS = 10 * 60_000;
/** Rows per write: a few milliseconds' worth. */
const MAX_ROWS_PER_WRITE = 100;
/** Slots inspected per step. */
const MAX_SLOTS_PER_STEP = 20_000;
/** Evicted homes that may wait to be written. Beyond that they are not written, and the next read backfills. */
const MAX_EVICTED = 2_000;
/** Rows of readers who stayed away much longer than `LIMITS.seenLately_ms` are of little use. */
const ROW_KEPT_MS = 4 * LIMITS.seenLately_ms;

export function createHomeCheckpointer({
  homeTimelines,
  timelineDb,
  clock,
  maxHomeTimelines,
  maxBytes,
}: HomeCheckpointerDeps): HomeCheckpointer {
  let completeTo: PackedHome['completeTo'] = {
    tweets: new Array<number>(PARTITIONS).fill(0),
    reposts: new Array<number>(PARTITIONS).fill(0),
  };
  const evicted: PackedHome[] = [];
  let hand = 0;

  function pack(slot: Slot): PackedHome {
    return {
      reader: homeTimelines.readerOf(slot),
      ids: homeTimelines.copy(slot),
      floor: homeTimelines.floor(slot),
      digest: homeTimelines.digest(slot),
      completeTo,
      updatedAt: clock.now(),
    };
  }
  function evict(slot: Slot): void {
    if (homeTimelines.isDirty(slot) && evicted.length < MAX_EVICTED) evicted.push(pack(slot));
    homeTimelines.remove(slot);
  }

  /** They are marked before the write: what arrives meanwhile makes them dirty again. */
  async function save(slots: Slot[]): Promise<void> {
    const due = slots.filter((slot) => homeTimelines.isReady(slot) && homeTimelines.isDirty(slot));
    const homes = due.map(pack);
    for (const slot of due) homeTimelines.markSaved(slot, clock.now());
    if (homes.length > 0) await timelineDb.save({ homes });
  }
  async function saveEvicted(): Promise<void> {
    const homes = evicted.splice(0, MAX_ROWS_PER_WRITE);
    if (homes.length > 0) await timelineDb.save({ homes });
  }

  /** Goes on through the slots, round and round; evicts home timelines whose readers have stayed away. */
  function nextDue(): { due: Slot[]; more: boolean } {
    const now = clock.now();
    const due: Slot[] = [];
    for (let looked = 0; looked < MAX_SLOTS_PER_STEP; looked++) {
      if (hand >= homeTimelines.slots()) {
        hand = 0;
        return { due, more: false };
      }
      const slot = hand++;
      if (!homeTimelines.isReady(slot)) continue;
      if (now - homeTimelines.lastRead_ms(slot) > LIMITS.seenLately_ms) evict(slot);
      else if (homeTimelines.isDirty(slot) && now - homeTimelines.savedAt_ms(slot) >= SAVE_EVERY_MS)
        due.push(slot);
      if (due.length >= MAX_ROWS_PER_WRITE) break;
    }
    return { due, more: true };
  }

  return {
    setProgress(positions) {
      completeTo = positions;
    },
    progress: () => completeTo,
    makeRoom() {
      while (homeTimelines.count() >= maxHomeTimelines || homeTimelines.bytes() >= maxBytes) {
        const slot = homeTimelines.victim();
        if (slot < 0) return;
        evict(slot);
      }
    },
    dropEvicted() {
      evicted.length = 0;
    },
    async flush() {
      while (evicted.length > 0) await saveEvicted();
      for (let from = 0; from < homeTimelines.slots(); from += MAX_ROWS_PER_WRITE) {
        await save(
          Array.from(
            { length: Math.min(MAX_ROWS_PER_WRITE, homeTimelines.slots() - from) },
            (_, i) => from + i,
          ),
        );
      }
    },
    async forget(user) {
      const slot = homeTimelines.find(user);
      if (slot >= 0) homeTimelines.remove(slot);
      const waiting = evicted.findIndex((home) => home.reader === user);
      if (waiting >= 0) evicted.splice(waiting, 1);
      await timelineDb.forget({ user });
    },
    worker: {
      name: 'home-checkpointer',
      idle_ms: 5_000,
      async step() {
        await saveEvicted();
        const { due, more } = nextDue();
        await save(due);
        if (more || evicted.length > 0) return true;
        return timelineDb.dropOlder({ updatedBefore: clock.now() - ROW_KEPT_MS, limit: MAX_ROWS_PER_WRITE });
      },
    },
  };
}
