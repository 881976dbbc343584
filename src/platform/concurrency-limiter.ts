import { WarbleError } from '#domain/errors.ts';

export interface ConcurrencyLimiterDeps {
  /** Pieces of work that run at once. */
  concurrency: number;
  /** Pieces that may wait their turn; one more is refused with 503. */
  waiting: number;
  /** What is refused, as a sentence for the caller. */
  refusal: string;
}

export interface ConcurrencyLimiter {
  /** Runs `work` when its turn comes, in the order of arrival. Throws `overloaded` where too many wait. */
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
