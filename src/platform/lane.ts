import { createConcurrencyLimiter } from './concurrency-limiter.ts';

/**
 * A way of its own for reads that cost many milliseconds of the one thread. One goes at a time, and whoever is at work
 * pauses between slices of a few milliseconds, so that a hundred of them that come at once delay nobody else by more
 * than one slice.
 */
export interface Lane {
  /**
   * Runs `work` when its turn comes, in the order of arrival; never from within another piece of work of the same
   * lane. `pause` lets everything else go first. Throws `overloaded` where too many wait.
   */
  run<T>(work: (pause: () => Promise<void>) => Promise<T>): Promise<T>;
}

const MAX_WAITING = 512;

export function createLane({ waiting = MAX_WAITING }: { waiting?: number } = {}): Lane {
  const pool = createConcurrencyLimiter({
    concurrency: 1,
    waiting,
    refusal: 'Too many costly pages are being read; try again in a moment.',
  });
  return {
    run: (work) =>
      pool.run(async () => {
        await pause();
        return work(pause);
      }),
  };
}

/** After all that is ready now: what came over the network meanwhile is read before the next slice. */
function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
