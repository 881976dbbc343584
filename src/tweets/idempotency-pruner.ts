import { LIMITS } from '#domain/limits.ts';
import type { Clock } from '#platform/clock.ts';
import type { Worker } from '#platform/worker.ts';
import type { TweetsStore } from './tweets-store.ts';

export interface IdempotencyPrunerDeps {
  store: Pick<TweetsStore, 'pruneKeys'>;
  clock: Pick<Clock, 'now'>;
}

const MAX_ROWS = 500;

/** Deletes idempotency keys after 24 h. They have no effect from then on, so this only frees space. */
export function createIdempotencyPruner({ store, clock }: IdempotencyPrunerDeps): Worker {
  return {
    name: 'idempotency-pruner',
    idle_ms: 60_000,
    step: () => store.pruneKeys({ before: clock.now() - LIMITS.idempotencyKept_ms, limit: MAX_ROWS }),
  };
}
