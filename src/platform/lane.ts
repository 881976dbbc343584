import { createFairPool } from './fair-pool.ts';

/**
 * A way of its own for reads that cost many milliseconds of the one thread. One goes at a time, and whoever is at work
 * pauses between slices of a few milliseconds, so that a hundred of them that come at once delay nobody else by more
 * than one slice.
 */
export interface Lane {
  /**
   * Runs `work` of somebody when its turn comes: users take turns, whatever each has brought; never from within another
   * piece of work of the same lane. `pause` lets everything else go first. Throws `rate_limited` where too much of
   * theirs waits, `overloaded` where too much does in all.
   */
  run<T>(userId: number, work: (pause: () => Promise<void>) => Promise<T>): Promise<T>;
}

const MAX_WAITING = 512;
const MAX_WAITING_OF_USER = 64;

export function createLane({
  waiting = MAX_WAITING,
  waitingOfUser = MAX_WAITING_OF_USER,
}: {
  /** Pieces of work that wait or run: of all, and of one user. */
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

/** After all that is ready now: what came over the network meanwhile is read before the next slice. */
function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
