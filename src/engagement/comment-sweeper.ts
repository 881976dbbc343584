import type { Clock } from '#platform/clock.ts';
import type { Worker } from '#platform/worker.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { EngagementStore } from './engagement-store.ts';

export interface CommentSweeperDeps {
  store: EngagementStore;
  tweets: Pick<Tweets, 'get' | 'removeComments'>;
  clock: Clock;
}

/** No request is under way for as long as this, so what waits longer was left behind. */
export const ABANDONED_AFTER_MS = 60_000;
const MAX_COMMENTS = 100;

/**
 * Brings comments to an end that a crash left between their row and their text: a pending one whose text stands is
 * listed, one without is abandoned; of a deleting one the text is removed. An abandoned one rests as `deleting` for a
 * while before that, so that a text that a very slow request wrote after all goes too.
 */
export function createCommentSweeper({ store, tweets, clock }: CommentSweeperDeps): Worker {
  return {
    name: 'comment-sweeper',
    idle_ms: 10_000,
    async step() {
      const time = clock.now();
      const rows = await store.unfinishedComments({ before: time - ABANDONED_AFTER_MS, limit: MAX_COMMENTS });
      const pending = rows.filter((row) => row.state === 'pending').map((row) => row.id);
      if (pending.length > 0) {
        const written = new Set((await tweets.get({ ids: pending })).map((text) => text.id));
        await Promise.all(
          pending.map((commentId) =>
            written.has(commentId)
              ? store.listComment({ commentId, traceId: '' })
              : store.abandonComment({ commentId, time }),
          ),
        );
      }
      const deleting = rows.filter((row) => row.state === 'deleting').map((row) => row.id);
      if (deleting.length > 0) {
        await tweets.removeComments({ commentIds: deleting, by: 'author' });
        await store.completeDeletions({ commentIds: deleting, time });
      }
      return rows.length === MAX_COMMENTS;
    },
  };
}
