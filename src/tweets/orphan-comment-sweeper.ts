import type { Clock } from '#platform/clock.ts';
import type { Worker } from '#platform/worker.ts';
import type { TweetsStore } from './tweets-store.ts';

export interface OrphanCommentSweeperDeps {
  store: Pick<TweetsStore, 'sweepComments'>;
  clock: Pick<Clock, 'now'>;
}

const MAX_ROWS = 200;

/**
 * Overwrites the texts of comments whose tweet was deleted, where they were too many for the commit that deleted
 * it. Nobody can read them since that commit; this makes the deletion true on disk.
 */
export function createOrphanCommentSweeper({ store, clock }: OrphanCommentSweeperDeps): Worker {
  return {
    name: 'orphan-comment-sweeper',
    idle_ms: 1_000,
    step: () => store.sweepComments({ limit: MAX_ROWS, now: clock.now() }),
  };
}
