import { createFairPool } from './fair-pool.ts';

/**
 * A lane for reads that cost many milliseconds of the one thread. One runs at a time and pauses between slices of a
 * few milliseconds, so that a hundred of them at once delay other requests by no more than one slice.
 */
export interface Lane {
  /**
   * Runs a user's `work` when its turn comes. Users take turns, however much each has queued. Never call it from work
   * in the same lane. `pause` lets everything else go first. Throws `rate_limited` if too much of this user's work
   * waits, `overloaded` if too much waits in all and this user has the most.
   */
  run<T>(userId: number, work: (pause: () => Promise<void>) => Promise<T>): Promise<T>;
}

const MAX_WAITING = 512;
const MAX_WAITING_OF_USER = 64;

export function createLane({
  waiting = MAX_WAITING,
  waitingOfUser = MAX_WAITING_OF_USER,
}: {
  /** The most pieces of work that wait or run: in all, and for one user. */
  waiting?: number;
  waitingOfUser?: number;
} = {}): Lane {
  const pool = createFairPool<number>({
    lanes: [{ upTo: Number.POSITIVE_INFINITY, capacity: 1 }],
    minWeight: 1,
    maxPerKey: waitingOfUser,
    max: waiting,
    refusal: 'Too many costly pages are being read; try again in a moment.',
  });
  return {
    run: (userId, work) =>
      pool.run({ key: userId, weight: 1 }, async () => {
        await pause();
        return work(pause);
      }),
  };
}

/** Resumes after everything that is ready now: input that arrived meanwhile is read before the next slice. */
function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
