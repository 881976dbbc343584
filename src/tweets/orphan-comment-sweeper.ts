import type { Clock } from '#platform/clock.ts';
import type { Worker } from '#platform/worker.ts';
import type { TweetsStore } from './tweets-store.ts';

export interface OrphanCommentSweeperDeps {
  store: Pick<TweetsStore, 'sweepComments'>;
  clock: Pick<Clock, 'now'>;
}

const MAX_ROWS = 200;

/**
 * Overwrites the texts of comments on deleted tweets that were too many for the commit of the deletion. Nobody can read
 * them since that commit; this removes them from the disk too.
 */
export function createOrphanCommentSweeper({ store, clock }: OrphanCommentSweeperDeps): Worker {
  return {
    name: 'orphan-comment-sweeper',
    idle_ms: 1_000,
    step: () => store.sweepComments({ limit: MAX_ROWS, now: clock.now() }),
  };
}
