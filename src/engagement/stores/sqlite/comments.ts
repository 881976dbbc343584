import { type CommentId, snowflakeTime } from '#domain/ids.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { EngagementRecord } from '../../engagement.ts';
import type { CommentState, EngagementStore, KeyedComment, StoredComment } from '../../engagement-store.ts';
import type { Counters } from './counters.ts';

/** `comments.state` holds an index into this list. */
const STATES: readonly CommentState[] = ['pending', 'listed', 'deleting', 'deleted'];
export const PENDING = 0;
export const LISTED = 1;
export const DELETING = 2;
export const DELETED = 3;

/** The columns of a {@link CommentRecord}. */
export const COMMENT_COLUMNS = "'comment' AS kind, id, tweet_id AS tweetId, actor, author, state";

export interface CommentRecord extends EngagementRecord {
  id: CommentId;
  state: number;
}

function storedComment({ id, tweetId, actor, author, state }: CommentRecord): StoredComment {
  return { id, tweetId, userId: actor, author, state: STATES[state]! };
}

type Comments = Pick<
  EngagementStore,
  | 'beginComment'
  | 'commentByKey'
  | 'listComment'
  | 'abandonComment'
  | 'removeComment'
  | 'completeDeletions'
  | 'comment'
  | 'unfinishedComments'
>;

/** Comments, from state to state: see `CommentState`. */
export function createComments({ db, counters }: { db: Database; counters: Counters }): Comments {
  const byKey = db.prepare(
    `SELECT k.comment_id AS commentId, c.tweet_id AS tweetId, k.body_hash AS bodyHash, c.state AS state
     FROM comment_keys AS k JOIN comments AS c ON c.id = k.comment_id
     WHERE k.actor = ? AND k.key = ? AND k.used_at >= ?`,
  );
  const insert = db.prepare(
    'INSERT INTO comments (id, tweet_id, actor, author, state, changed_at) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const insertKey = db.prepare(
    'INSERT OR REPLACE INTO comment_keys (actor, key, body_hash, comment_id, used_at) VALUES (?, ?, ?, ?, ?)',
  );
  const forgetKey = db.prepare('DELETE FROM comment_keys WHERE comment_id = ?');
  const byId = db.prepare(`SELECT ${COMMENT_COLUMNS} FROM comments WHERE id = ?`);
  const move = db.prepare('UPDATE comments SET state = ?, changed_at = ? WHERE id = ? AND state = ?');
  const unsettled = db.prepare(
    `SELECT ${COMMENT_COLUMNS} FROM comments
     WHERE state IN (0, 2) AND changed_at < ? ORDER BY changed_at, id LIMIT ? + 0`,
  );

  function keyed(actor: number, key: string, since: number): KeyedComment | undefined {
    const row = byKey.get(actor, key, since) as (Omit<KeyedComment, 'state'> & { state: number }) | undefined;
    return row === undefined ? undefined : { ...row, state: STATES[row.state]! };
  }
  function find(commentId: number): CommentRecord | undefined {
    return byId.get(commentId) as CommentRecord | undefined;
  }

  return {
    beginComment: ({ id, tweetId, author, actor, idempotency, keysSince }) =>
      db.write((): KeyedComment => {
        if (idempotency !== null) {
          const earlier = keyed(actor, idempotency.key, keysSince);
          if (earlier !== undefined) return earlier;
          insertKey.run(actor, idempotency.key, idempotency.bodyHash, id, snowflakeTime(id));
        }
        insert.run(id, tweetId, actor, author, PENDING, snowflakeTime(id));
        return { commentId: id, tweetId, bodyHash: idempotency?.bodyHash ?? '', state: 'pending' };
      }),
    commentByKey: async ({ actor, key, since }) => keyed(actor, key, since),
    listComment: ({ commentId, traceId }) =>
      db.write(() => {
        const row = find(commentId);
        if (row === undefined || row.state !== PENDING) return row?.state === LISTED;
        const time = snowflakeTime(commentId);
        move.run(LISTED, time, commentId, PENDING);
        counters.record({ change: 'added', record: row, time, traceId });
        return true;
      }),
    abandonComment: ({ commentId, time }) =>
      db.write(() => {
        if (move.run(DELETING, time, commentId, PENDING).changes === 1) forgetKey.run(commentId);
      }),
    removeComment: ({ commentId, time, traceId }) =>
      db.write(() => {
        const row = find(commentId);
        if (row === undefined || move.run(DELETING, time, commentId, LISTED).changes === 0) return false;
        counters.record({ change: 'removed', record: row, time, traceId });
        return true;
      }),
    completeDeletions: ({ commentIds, time }) =>
      db.write(() => {
        for (const id of commentIds) move.run(DELETED, time, id, DELETING);
      }),
    comment: async ({ commentId }) => {
      const row = find(commentId);
      return row === undefined ? undefined : storedComment(row);
    },
    unfinishedComments: async ({ before, limit }) =>
      (unsettled.all(before, limit) as unknown as CommentRecord[]).map(storedComment),
  };
}
