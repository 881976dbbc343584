import type { TweetId } from '#domain/ids.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { EngagementRecord } from '../../engagement.ts';
import type { EngagementStore } from '../../engagement-store.ts';
import { COMMENT_COLUMNS, type CommentRecord, DELETING, LISTED, PENDING } from './comments.ts';
import type { Counters } from './counters.ts';

type Upkeep = Pick<EngagementStore, 'eraseActor' | 'pruneTweet' | 'pruneUndone' | 'pruneKeys'>;

export interface UpkeepDeps {
  db: Database;
  counters: Counters;
  /** Called, before the commit, with every tweet whose engagement changes. */
  changed: (tweetId: TweetId) => void;
}

/** Erasure and pruning, in bounded steps. */
export function createUpkeep({ db, counters, changed }: UpkeepDeps): Upkeep {
  const pruneUndone = db.prepare(
    `DELETE FROM reposts WHERE id IN (
       SELECT id FROM reposts WHERE undone_at IS NOT NULL AND undone_at < ? ORDER BY undone_at LIMIT ? + 0)
     RETURNING tweet_id`,
  );
  const pruneKeys = db.prepare(
    `DELETE FROM comment_keys WHERE (actor, key) IN (
       SELECT actor, key FROM comment_keys WHERE used_at < ? ORDER BY used_at LIMIT ? + 0)`,
  );
  return {
    eraseActor: createEraseActor(db, counters),
    pruneTweet: createPruneTweet(db, counters),
    pruneUndone: ({ before, limit }) =>
      db.write(() => {
        const forgotten = pruneUndone.all(before, limit) as unknown as { tweet_id: TweetId }[];
        for (const { tweet_id } of forgotten) changed(tweet_id);
        return forgotten.length === limit;
      }),
    pruneKeys: ({ before, limit }) => db.write(() => Number(pruneKeys.run(before, limit).changes) === limit),
  };
}

function createEraseActor(db: Database, counters: Counters): EngagementStore['eraseActor'] {
  const likes = db.prepare(
    "SELECT 'like' AS kind, id, tweet_id AS tweetId, author, actor FROM likes WHERE actor = ? LIMIT ? + 0",
  );
  const deleteLike = db.prepare('DELETE FROM likes WHERE id = ?');
  const reposts = db.prepare(
    `SELECT 'repost' AS kind, id, tweet_id AS tweetId, author, actor FROM reposts
     WHERE actor = ? AND undone_at IS NULL LIMIT ? + 0`,
  );
  const undoRepost = db.prepare('UPDATE reposts SET undone_at = ? WHERE id = ?');
  const comments = db.prepare(
    `SELECT ${COMMENT_COLUMNS} FROM comments WHERE actor = ? AND state < 2 LIMIT ? + 0`,
  );
  const deleteComment = db.prepare('UPDATE comments SET state = ?, changed_at = ? WHERE id = ?');
  const deleteKeys = db.prepare(
    `DELETE FROM comment_keys WHERE actor = ?1 AND key IN (
       SELECT key FROM comment_keys WHERE actor = ?1 LIMIT ?2 + 0)`,
  );
  return ({ actor, limit, time, traceId }) =>
    db.write(() => {
      let left = limit;
      const recordRemoval = (record: EngagementRecord) => {
        counters.record({ change: 'removed', record, time, traceId });
        left--;
      };
      for (const row of likes.all(actor, left) as unknown as EngagementRecord[]) {
        deleteLike.run(row.id);
        recordRemoval(row);
      }
      for (const row of reposts.all(actor, left) as unknown as EngagementRecord[]) {
        undoRepost.run(time, row.id);
        recordRemoval(row);
      }
      for (const row of comments.all(actor, left) as unknown as CommentRecord[]) {
        deleteComment.run(DELETING, time, row.id);
        if (row.state === LISTED) recordRemoval(row);
        else left--;
      }
      left -= Number(deleteKeys.run(actor, left).changes);
      db.noteErased();
      return { done: left > 0 };
    });
}

function createPruneTweet(db: Database, counters: Counters): EngagementStore['pruneTweet'] {
  const deleteLikes = db.prepare(
    'DELETE FROM likes WHERE id IN (SELECT id FROM likes WHERE tweet_id = ? LIMIT ? + 0)',
  );
  const deleteReposts = db.prepare(
    `DELETE FROM reposts WHERE id IN (SELECT id FROM reposts WHERE tweet_id = ? LIMIT ? + 0)
     RETURNING undone_at`,
  );
  const deleteComments = (state: number) =>
    db.prepare(
      `UPDATE comments SET state = ${DELETING}, changed_at = ? WHERE id IN (
         SELECT id FROM comments WHERE tweet_id = ? AND state = ${state} LIMIT ? + 0) RETURNING id`,
    );
  const deleteListed = deleteComments(LISTED);
  const deletePending = deleteComments(PENDING);
  const forgetKey = db.prepare('DELETE FROM comment_keys WHERE comment_id = ?');
  const deleteCounts = db.prepare('DELETE FROM tallies WHERE tweet_id = ?');
  return ({ tweetId, limit, time }) =>
    db.write(() => {
      const likes = Number(deleteLikes.run(tweetId, limit).changes);
      let left = limit - likes;
      const forgotten = deleteReposts.all(tweetId, left) as { undone_at: number | null }[];
      left -= forgotten.length;
      const reposts = forgotten.filter((row) => row.undone_at === null).length;
      const comments = deleteListed.all(time, tweetId, left).length;
      left -= comments;
      const pending = deletePending.all(time, tweetId, left) as { id: number }[];
      left -= pending.length;
      for (const { id } of pending) forgetKey.run(id);
      counters.count(tweetId, { likes: -likes, comments: -comments, reposts: -reposts });
      if (left > 0) deleteCounts.run(tweetId);
      return { done: left > 0 };
    });
}
