import type { TweetId } from '#domain/ids.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { Outbox } from '#queue/outbox.ts';
import { type EngagementChange, eventsOf } from '../../engagement-events.ts';

/**
 * What every change writes besides its row. Both methods run inside `db.write`, in the transaction of that row and once
 * for it, so counts equal rows, and events are neither lost nor doubled.
 */
export interface Counters {
  /** Counts and announces one change. Returns the position of its last event; for a repost, on topic `reposts`. */
  record(change: EngagementChange): number;
  /** Adds to a tweet's counts without an event. */
  count(tweetId: TweetId, change: { likes?: number; comments?: number; reposts?: number }): void;
}

/** `changed` is called, before the commit, with every tweet whose engagement changes. */
export function createCounters(deps: {
  db: Database;
  outbox: Outbox;
  changed: (tweetId: TweetId) => void;
}): Counters {
  const { db, outbox, changed } = deps;
  const upsertCounts = db.prepare(
    `INSERT INTO tallies (tweet_id, likes, comments, reposts) VALUES (?, ?, ?, ?)
     ON CONFLICT (tweet_id) DO UPDATE SET likes = likes + excluded.likes,
       comments = comments + excluded.comments, reposts = reposts + excluded.reposts`,
  );
  const count: Counters['count'] = (tweetId, { likes = 0, comments = 0, reposts = 0 }) => {
    changed(tweetId);
    upsertCounts.run(tweetId, likes, comments, reposts);
  };
  return {
    count,
    record(change) {
      const step = change.change === 'added' ? 1 : -1;
      const { tweetId, kind } = change.record;
      count(tweetId, { [`${kind}s`]: step });
      let position = 0;
      for (const event of eventsOf(change)) position = outbox.append(event).position;
      return position;
    },
  };
}
