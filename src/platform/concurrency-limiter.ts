import { WarbleError } from '#domain/errors.ts';

export interface ConcurrencyLimiterDeps {
  /** How many calls of `run` work at once. */
  concurrency: number;
  /** How many may wait for their turn; one more is refused with 503. */
  waiting: number;
  /** The message of that refusal. */
  refusal: string;
}

export interface ConcurrencyLimiter {
  /** Runs `work` when its turn comes, in order of arrival. Throws `overloaded` if too many wait. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** Keeps costly work (hashing passwords, decoding pictures) from taking the whole machine. */
export function createConcurrencyLimiter({
  concurrency,
  waiting,
  refusal,
}: ConcurrencyLimiterDeps): ConcurrencyLimiter {
  const queue: (() => void)[] = [];
  let running = 0;

  function finished(): void {
    const next = queue.shift();
    if (next === undefined) running -= 1;
    else next();
  }

  return {
    async run(work) {
      if (running < concurrency) running += 1;
      else if (queue.length >= waiting) throw new WarbleError('overloaded', refusal);
      else await new Promise<void>((resolve) => queue.push(resolve));
      try {
        return await work();
      } finally {
        finished();
      }
    },
  };
}
