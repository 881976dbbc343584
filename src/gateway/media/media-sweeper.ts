import type { Clock } from '#platform/clock.ts';
import type { Worker } from '#platform/worker.ts';
import type { ViewRunner } from '#queue/view-runner.ts';
import type { MediaIndex } from './media-index.ts';
import type { MediaStore } from './media-store.ts';
import type { MediaUses } from './media-uses.ts';

export interface MediaSweeperDeps {
  index: MediaIndex;
  store: MediaStore;
  uses: MediaUses;
  usesRunner: Pick<ViewRunner, 'status'>;
  clock: Clock;
}

const BATCH = 200;
const IDLE_MS = 5_000;
/** An upload that is not done by then has lost its request. */
const STORING_LOST_MS = 3_600_000;
/** What is used is looked at again so often, should the view ever have missed the end of a use. */
const CHECK_AGAIN_MS = 24 * 3_600_000;
/** What is held is looked at again so soon. */
const SPARED_MS = 60_000;

/**
 * Deletes pictures that nothing uses: uploads that were not used within a day, and those whose last use ended.
 *
 * Why no picture in use can go. A use is a post (or a profile's change) that commits between the beginning and the
 * end of a hold. A step looks at the holds, then waits until the view of uses has folded everything that the log
 * held *after* that look, then asks the view, and claims only what was not held again since the look. A hold that
 * ended before the look: its post is in the log, so in the view. One that stood at the look: not a candidate. One
 * that began after: its count makes the claim fail; and after a claim no hold can begin.
 */
export function createMediaSweeper({ index, store, uses, usesRunner, clock }: MediaSweeperDeps): Worker {
  async function remove(names: string[]): Promise<void> {
    for (const name of names) await store.delete(name);
    await index.forget({ names });
  }

  async function sweep(names: string[], released: string[]): Promise<void> {
    const now = clock.now();
    const seen = await index.look({ names, now });
    const { lag, rebuilding } = await usesRunner.status();
    if (lag > 0 || rebuilding) return;
    // Before asking for uses: one that ends after that makes its picture released again.
    await uses.dismiss({ names: released });
    const used = new Set(await uses.used({ names }));
    const free = seen.filter(({ name, heldUntil }) => heldUntil === null && !used.has(name));
    const claimed = new Set(await index.claim({ media: free.filter(({ state }) => state !== 'deleting') }));
    const going = free.filter(({ name, state }) => state === 'deleting' || claimed.has(name));
    await remove(going.map(({ name }) => name));
    await index.postpone({ names: [...used], checkAt: now + CHECK_AGAIN_MS, used: true });
    const spared = seen.filter((row) => !used.has(row.name) && !going.includes(row));
    await index.postpone({ names: spared.map(({ name }) => name), checkAt: now + SPARED_MS, used: false });
  }

  return {
    name: 'media-sweeper',
    idle_ms: IDLE_MS,
    async step() {
      const now = clock.now();
      const storingBefore = now - STORING_LOST_MS;
      const due = await index.due({ now, storingBefore, limit: BATCH });
      const released = await uses.released({ limit: BATCH });
      const names = [...new Set([...due, ...released])];
      if (names.length > 0) await sweep(names, released);
      return false;
    },
  };
}
