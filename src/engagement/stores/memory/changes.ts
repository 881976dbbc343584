import { snowflakeTime, type UserId } from '#domain/ids.ts';
import type { MemoryCommits } from '#platform/memory-commits.ts';
import type {
  EngagementRemoval,
  EngagementStore,
  KeyedComment,
  NewComment,
  NewEngagement,
} from '../../engagement-store.ts';
import { type EngagementRow, type EngagementRows, isActive, isKept } from './engagement-rows.ts';

interface Key {
  bodyHash: string;
  comment: EngagementRow;
  usedAt: number;
}

/** By actor, then by key. */
export type Keys = Map<UserId, Map<string, Key>>;

export interface ChangesDeps {
  rows: EngagementRows;
  keys: Keys;
  commits: MemoryCommits;
}

type LikesAndReposts = Pick<EngagementStore, 'addLike' | 'removeLike' | 'addRepost' | 'removeRepost'>;

/** Likes and reposts, made and undone. */
export function createLikesAndReposts({ rows, commits }: ChangesDeps): LikesAndReposts {
  function add(kind: 'like' | 'repost', { traceId, ...record }: NewEngagement): boolean {
    if (rows.active(kind, record.tweetId, record.actor) !== undefined) return false;
    const time = snowflakeTime(record.id);
    const row: EngagementRow = { ...record, kind, state: 'active', changedAt: time, position: 0 };
    row.position = rows.announce('added', row, { time, traceId });
    rows.add(row);
    return true;
  }
  function remove(kind: 'like' | 'repost', { tweetId, actor, ...details }: EngagementRemoval): boolean {
    const row = rows.active(kind, tweetId, actor);
    if (row === undefined) return false;
    takeBack(rows, row, details);
    return true;
  }
  return {
    addLike: (request) => commits.write(() => add('like', request)),
    removeLike: (request) => commits.write(() => remove('like', request)),
    addRepost: (request) => commits.write(() => add('repost', request)),
    removeRepost: (request) => commits.write(() => remove('repost', request)),
  };
}

/** Removes an row, and announces the removal if the row was active. */
function takeBack(
  rows: EngagementRows,
  row: EngagementRow,
  details: { time: number; traceId: string },
): void {
  if (isActive(row)) rows.announce('removed', row, details);
  if (row.kind === 'like') rows.forget(row);
  else rows.move(row, row.kind === 'repost' ? 'undone' : 'deleting', details.time);
}

type Comments = Pick<
  EngagementStore,
  | 'beginComment'
  | 'commentByKey'
  | 'listComment'
  | 'abandonComment'
  | 'removeComment'
  | 'completeDeletions'
  | 'pruneKeys'
>;

/** Comments, from state to state: see `CommentState`. */
export function createComments({ rows, keys, commits }: ChangesDeps): Comments {
  function keyed(actor: UserId, key: string, since: number): KeyedComment | undefined {
    const found = keys.get(actor)?.get(key);
    return found === undefined || found.usedAt < since ? undefined : keyedComment(found);
  }

  function begin({ idempotency, keysSince, traceId, ...record }: NewComment): KeyedComment {
    const earlier = idempotency === null ? undefined : keyed(record.actor, idempotency.key, keysSince);
    if (earlier !== undefined) return earlier;
    const changedAt = snowflakeTime(record.id);
    const comment: EngagementRow = { ...record, kind: 'comment', state: 'pending', changedAt, position: 0 };
    rows.add(comment);
    const key: Key = { bodyHash: idempotency?.bodyHash ?? '', comment, usedAt: changedAt };
    if (idempotency !== null) {
      keys.set(record.actor, (keys.get(record.actor) ?? new Map<string, Key>()).set(idempotency.key, key));
    }
    return keyedComment(key);
  }

  return {
    beginComment: (request) => commits.write(() => begin(request)),
    commentByKey: async ({ actor, key, since }) => keyed(actor, key, since),
    listComment: ({ commentId, traceId }) =>
      commits.write(() => {
        const row = rows.byId.get(commentId);
        if (row?.state !== 'pending') return row?.state === 'listed';
        const time = snowflakeTime(commentId);
        rows.move(row, 'listed', time);
        rows.announce('added', row, { time, traceId });
        return true;
      }),
    abandonComment: ({ commentId, time }) =>
      commits.write(() => {
        const row = rows.byId.get(commentId);
        if (row?.state !== 'pending') return;
        rows.move(row, 'deleting', time);
        forgetKeyOf(keys, row);
      }),
    removeComment: ({ commentId, ...details }) =>
      commits.write(() => {
        const row = rows.byId.get(commentId);
        if (row?.state !== 'listed') return false;
        takeBack(rows, row, details);
        return true;
      }),
    completeDeletions: ({ commentIds, time }) =>
      commits.write(() => {
        for (const id of commentIds) {
          const row = rows.byId.get(id);
          if (row?.state === 'deleting') rows.move(row, 'deleted', time);
        }
      }),
    pruneKeys: ({ before, limit }) =>
      commits.write(() => {
        const all = [...keys.values()].flatMap((own) =>
          [...own].map(([name, { usedAt }]) => ({ own, name, usedAt })),
        );
        const old = all.filter(({ usedAt }) => usedAt < before).slice(0, limit);
        for (const { own, name } of old) own.delete(name);
        return old.length === limit;
      }),
  };
}

function keyedComment({ bodyHash, comment: { id, tweetId, state } }: Key): KeyedComment {
  return { commentId: id, tweetId, bodyHash, state: state as KeyedComment['state'] };
}

function forgetKeyOf(keys: Keys, comment: EngagementRow): void {
  const own = keys.get(comment.actor) ?? new Map<string, Key>();
  for (const [name, key] of own) if (key.comment === comment) own.delete(name);
}

type Upkeep = Pick<EngagementStore, 'eraseActor' | 'pruneTweet' | 'pruneUndone'>;

/** Erasure and pruning, in bounded steps. */
export function createUpkeep({ rows, keys, commits }: ChangesDeps): Upkeep {
  return {
    eraseActor: ({ actor, limit, ...details }) =>
      commits.write(() => {
        const left = rows.ofActor(actor).filter((row) => isActive(row) || row.state === 'pending');
        for (const row of left.slice(0, limit)) takeBack(rows, row, details);
        const own = keys.get(actor) ?? new Map<string, Key>();
        const forgotten = [...own.keys()].slice(0, Math.max(0, limit - left.length));
        for (const name of forgotten) own.delete(name);
        return { done: left.length + forgotten.length < limit };
      }),
    pruneTweet: ({ tweetId, limit, time }) =>
      commits.write(() => {
        const left = rows.ofTweet(tweetId).filter(isKept);
        for (const row of left.slice(0, limit)) {
          if (row.state === 'pending') forgetKeyOf(keys, row);
          if (row.kind === 'comment') rows.move(row, 'deleting', time);
          else rows.forget(row);
        }
        return { done: left.length < limit };
      }),
    pruneUndone: ({ before, limit }) =>
      commits.write(() => {
        const undone = [...rows.byId.values()].filter(
          ({ state, changedAt }) => state === 'undone' && changedAt < before,
        );
        const oldest = undone.sort((a, b) => a.changedAt - b.changedAt).slice(0, limit);
        for (const row of oldest) rows.forget(row);
        return oldest.length === limit;
      }),
  };
}
