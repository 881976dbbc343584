import { snowflakeTime } from '#domain/ids.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { EngagementRecord } from '../../engagement.ts';
import type { EngagementStore } from '../../engagement-store.ts';
import type { Counters } from './counters.ts';

type LikesAndReposts = Pick<EngagementStore, 'addLike' | 'removeLike' | 'addRepost' | 'removeRepost'>;

/** Likes and reposts, made and undone. */
export function createLikesAndReposts({
  db,
  counters,
}: {
  db: Database;
  counters: Counters;
}): LikesAndReposts {
  const insertLike = db.prepare(
    'INSERT INTO likes (id, tweet_id, actor, author) VALUES (?, ?, ?, ?) ON CONFLICT (tweet_id, actor) DO NOTHING',
  );
  const deleteLike = db.prepare('DELETE FROM likes WHERE tweet_id = ? AND actor = ? RETURNING id, author');
  const activeRepost = db.prepare(
    'SELECT id, author FROM reposts WHERE tweet_id = ? AND actor = ? AND undone_at IS NULL',
  );
  const insertRepost = db.prepare(
    'INSERT INTO reposts (id, tweet_id, actor, author, position, undone_at) VALUES (?, ?, ?, ?, ?, NULL)',
  );
  const undoRepost = db.prepare('UPDATE reposts SET undone_at = ? WHERE id = ?');
  type Found = Pick<EngagementRecord, 'id' | 'author'> | undefined;

  return {
    addLike: (engagement) =>
      db.write(() => {
        if (
          insertLike.run(engagement.id, engagement.tweetId, engagement.actor, engagement.author).changes === 0
        )
          return false;
        const { traceId, ...columns } = engagement;
        const record = { ...columns, kind: 'like' as const };
        counters.record({ change: 'added', record, time: snowflakeTime(engagement.id), traceId });
        return true;
      }),
    removeLike: ({ tweetId, actor, time, traceId }) =>
      db.write(() => {
        const found = deleteLike.get(tweetId, actor) as Found;
        if (found === undefined) return false;
        const record = { ...found, tweetId, actor, kind: 'like' as const };
        counters.record({ change: 'removed', record, time, traceId });
        return true;
      }),
    addRepost: (engagement) =>
      db.write(() => {
        if (activeRepost.get(engagement.tweetId, engagement.actor) !== undefined) return false;
        const { traceId, ...columns } = engagement;
        const record = { ...columns, kind: 'repost' as const };
        const time = snowflakeTime(engagement.id);
        const position = counters.record({ change: 'added', record, time, traceId });
        insertRepost.run(engagement.id, engagement.tweetId, engagement.actor, engagement.author, position);
        return true;
      }),
    removeRepost: ({ tweetId, actor, time, traceId }) =>
      db.write(() => {
        const found = activeRepost.get(tweetId, actor) as Found;
        if (found === undefined) return false;
        undoRepost.run(time, found.id);
        const record = { ...found, tweetId, actor, kind: 'repost' as const };
        counters.record({ change: 'removed', record, time, traceId });
        return true;
      }),
  };
}
