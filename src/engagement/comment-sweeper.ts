import type { Clock } from '#platform/clock.ts';
import type { Worker } from '#platform/worker.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { EngagementStore } from './engagement-store.ts';

export interface CommentSweeperDeps {
  store: EngagementStore;
  tweets: Pick<Tweets, 'get' | 'removeComments'>;
  clock: Clock;
}

/** No request takes as long as this, so a comment that has waited longer was left behind. */
export const ABANDONED_AFTER_MS = 60_000;
const MAX_COMMENTS = 100;

/**
 * Finishes comments that a crash left between their row and their text. A pending comment is listed if its text exists,
 * and abandoned if not. The text of a deleting comment is removed. An abandoned comment stays `deleting` for a while
 * first, so that a text written late by a very slow request is removed too.
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
