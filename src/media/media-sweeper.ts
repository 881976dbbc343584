import type { Topic } from '#domain/events.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Clock } from '#platform/clock.ts';
import type { Worker } from '#platform/worker.ts';
import type { Log } from '#queue/log.ts';
import type { ViewRunner } from '#queue/view-runner.ts';
import type { MediaIndex, MediaStatus } from './media-index.ts';
import type { MediaStore } from './media-store.ts';
import type { MediaUses } from './media-uses.ts';
import { MEDIA_USES_TOPICS } from './media-uses-view.ts';

export interface MediaSweeperDeps {
  index: MediaIndex;
  store: MediaStore;
  uses: MediaUses;
  usesRunner: Pick<ViewRunner, 'processedPositions'>;
  log: Pick<Log, 'range'>;
  clock: Clock;
}

const BATCH = 200;
const IDLE_MS = 1_000;
/** The request of an upload that is not done by then has ended. */
const STORING_LOST_MS = 3_600_000;
/** How often pictures in use are checked again, in case the view ever missed the end of a use. */
const CHECK_AGAIN_MS = 24 * 3_600_000;
/** How soon a held picture is checked again. */
const RECHECK_HELD_MS = 60_000;

/** The pictures that were inspected, and the log's end positions after that. */
interface Inspection {
  names: string[];
  released: string[];
  statuses: MediaStatus[];
  ends: Map<Topic, number[]>;
}

/**
 * Deletes pictures that nothing uses: uploads that were not used within a day, and pictures whose last use ended a day ago.
 * Until then their owner can use them again, for example after deleting a tweet to post it with a correction.
 *
 * Why no picture in use can be deleted: a use is a post (or a profile's change) that commits between the beginning and the
 * end of a hold. The sweeper looks at the holds, then waits until the view of uses has folded everything that the log
 * held *after* that look, then asks the view, and claims only what was not held again since the look. A hold that
 * ended before the look: its post is in the log, so in the view. One that stood at the look: not a candidate. One
 * that began after: its count makes the claim fail; and after a claim no hold can begin.
 */
export function createMediaSweeper(deps: MediaSweeperDeps): Worker {
  const { index, store, uses, usesRunner, log, clock } = deps;
  let waiting: Inspection | undefined;

  async function inspect(): Promise<Inspection | undefined> {
    const now = clock.now();
    const due = await index.due({ now, storingBefore: now - STORING_LOST_MS, limit: BATCH });
    const released = await uses.released({ limit: BATCH });
    const names = [...new Set([...due, ...released])];
    if (names.length === 0) return undefined;
    const statuses = await index.statuses({ names, now });
    const ends = new Map<Topic, number[]>();
    for (const topic of MEDIA_USES_TOPICS) ends.set(topic, (await log.range({ topic })).end);
    return { names, released, statuses, ends };
  }

  async function isFolded({ ends }: Inspection): Promise<boolean> {
    for (const [topic, end] of ends) {
      const folded = await usesRunner.processedPositions(topic);
      if (end.some((last, partition) => (folded?.[partition] ?? 0) < last)) return false;
    }
    return true;
  }

  async function remove(names: string[]): Promise<void> {
    for (const name of names) await store.delete(name);
    await index.forget({ names });
  }

  async function decide({ names, released, statuses }: Inspection): Promise<void> {
    // This precedes asking for uses: a use that ends later puts its picture back among the released ones.
    await uses.dismiss({ names: released });
    const used = new Set(await uses.used({ names }));
    const unused = statuses.filter(({ name, state }) => state !== 'deleting' && !used.has(name));
    const ended = unused.filter((row) => row.used || released.includes(row.name));
    const free = unused.filter((row) => row.heldUntil === null && !ended.includes(row));
    const claimed = new Set(await index.claim({ media: free }));
    // Pictures in `deleting` were claimed earlier, by a sweep that crashed or by the erasure of their owner.
    const going = statuses.filter(({ name, state }) => state === 'deleting' || claimed.has(name));
    await remove(namesOf(going));
    const now = clock.now();
    await index.postpone({ names: [...used], checkAt: now + CHECK_AGAIN_MS, used: true });
    await index.postpone({ names: namesOf(ended), checkAt: now + LIMITS.mediaUnattached_ms, used: false });
    const spared = unused.filter((row) => !ended.includes(row) && !going.includes(row));
    await index.postpone({ names: namesOf(spared), checkAt: now + RECHECK_HELD_MS });
  }

  return {
    name: 'media-sweeper',
    idle_ms: IDLE_MS,
    async step() {
      waiting ??= await inspect();
      if (waiting === undefined || !(await isFolded(waiting))) return false;
      const ready = waiting;
      waiting = undefined;
      await decide(ready);
      return true;
    },
  };
}

function namesOf(rows: MediaStatus[]): string[] {
  return rows.map(({ name }) => name);
}
