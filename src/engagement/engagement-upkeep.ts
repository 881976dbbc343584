import type { TweetId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Clock } from '#platform/clock.ts';
import type { Worker } from '#platform/worker.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { EngagementStore } from './engagement-store.ts';

/** How long an undone repost is kept, so that a home's pagination session that began earlier repeats nothing. */
export const UNDONE_KEPT_MS = 24 * 3_600_000;
const MAX_ROWS = 500;
const MAX_TWEETS = 200;

/** Forgets undone reposts and idempotency keys that have been kept long enough. */
export function createEngagementPruner({ store, clock }: { store: EngagementStore; clock: Clock }): Worker {
  return {
    name: 'engagement-pruner',
    idle_ms: 60_000,
    async step() {
      const now = clock.now();
      const [moreReposts, moreKeys] = await Promise.all([
        store.pruneUndone({ before: now - UNDONE_KEPT_MS, limit: MAX_ROWS }),
        store.pruneKeys({ before: now - LIMITS.idempotencyKept_ms, limit: MAX_ROWS }),
      ]);
      return moreReposts || moreKeys;
    },
  };
}

export interface DeadTweetSweeperDeps {
  store: EngagementStore;
  tweets: Pick<Tweets, 'authorsOf'>;
  clock: Clock;
}

/**
 * Walks all tweets with engagement, over and over, and drops the rows of deleted tweets. Nobody sees those rows, so
 * this only frees space and is in no hurry. It needs no position in a log, and finds even a like that raced with the
 * deletion.
 */
export function createDeadTweetSweeper({ store, tweets, clock }: DeadTweetSweeperDeps): Worker {
  let after: TweetId = 0;
  return {
    name: 'dead-tweet-sweeper',
    idle_ms: 3_600_000,
    async step() {
      const ids = await store.tweetIds({ after, limit: MAX_TWEETS });
      if (ids.length === 0) {
        after = 0;
        return false;
      }
      const dead = (await tweets.authorsOf({ ids })).filter((tweet) => tweet.deleted);
      for (const { id } of dead.sort((a, b) => a.id - b.id)) {
        const { done } = await store.pruneTweet({ tweetId: id, limit: MAX_ROWS, time: clock.now() });
        if (done) continue;
        after = id - 1;
        return true;
      }
      after = ids.at(-1)!;
      return true;
    },
  };
}
