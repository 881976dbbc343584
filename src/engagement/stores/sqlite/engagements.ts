import { snowflakeTime } from '#domain/ids.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { EngagementStore } from '../../engagement-store.ts';
import type { Ledger } from './counters.ts';

type Acts = Pick<EngagementStore, 'addLike' | 'removeLike' | 'addRepost' | 'removeRepost'>;

/** Likes and reposts, made and undone. */
export function createActs({ db, ledger }: { db: Database; ledger: Ledger }): Acts {
  const insertLike = db.prepare(
    'INSERT INTO likes (id, tweet_id, actor, author) VALUES (?, ?, ?, ?) ON CONFLICT (tweet_id, actor) DO NOTHING',
  );
  const deleteLike = db.prepare('DELETE FROM likes WHERE tweet_id = ? AND actor = ? RETURNING id, author');
  const standingRepost = db.prepare(
    'SELECT id, author FROM reposts WHERE tweet_id = ? AND actor = ? AND undone_at IS NULL',
  );
  const insertRepost = db.prepare(
    'INSERT INTO reposts (id, tweet_id, actor, author, position, undone_at) VALUES (?, ?, ?, ?, ?, NULL)',
  );
  const undoRepost = db.prepare('UPDATE reposts SET undone_at = ? WHERE id = ?');
  type Found = { id: number; author: number } | undefined;

  return {
    addLike: (act) =>
      db.write(() => {
        if (insertLike.run(act.id, act.tweetId, act.actor, act.author).changes === 0) return false;
        const { traceId, ...item } = act;
        ledger.record({ kind: 'like', change: 'added', item, time: snowflakeTime(act.id), traceId });
        return true;
      }),
    removeLike: ({ tweetId, actor, time, traceId }) =>
      db.write(() => {
        const found = deleteLike.get(tweetId, actor) as Found;
        if (found === undefined) return false;
        const item = { id: found.id, author: found.author, tweetId, actor };
        ledger.record({ kind: 'like', change: 'removed', item, time, traceId });
        return true;
      }),
    addRepost: (act) =>
      db.write(() => {
        if (standingRepost.get(act.tweetId, act.actor) !== undefined) return false;
        const { traceId, ...item } = act;
        const time = snowflakeTime(act.id);
        const position = ledger.record({ kind: 'repost', change: 'added', item, time, traceId });
        insertRepost.run(act.id, act.tweetId, act.actor, act.author, position);
        return true;
      }),
    removeRepost: ({ tweetId, actor, time, traceId }) =>
      db.write(() => {
        const found = standingRepost.get(tweetId, actor) as Found;
        if (found === undefined) return false;
        undoRepost.run(time, found.id);
        const item = { id: found.id, author: found.author, tweetId, actor };
        ledger.record({ kind: 'repost', change: 'removed', item, time, traceId });
        return true;
      }),
  };
}
