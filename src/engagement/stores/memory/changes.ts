import { snowflakeTime, type UserId } from '#domain/ids.ts';
import type { MemoryCommits } from '#platform/memory-commits.ts';
import type {
  EngagementRemoval,
  EngagementStore,
  KeyedComment,
  NewComment,
  NewEngagement,
} from '../../engagement-store.ts';
import { type Item, type Items, isActive, isKept } from './items.ts';

interface Key {
  bodyHash: string;
  comment: Item;
  usedAt: number;
}

/** By actor, then by key. */
export type Keys = Map<UserId, Map<string, Key>>;

export interface ChangesDeps {
  items: Items;
  keys: Keys;
  commits: MemoryCommits;
}

type LikesAndReposts = Pick<EngagementStore, 'addLike' | 'removeLike' | 'addRepost' | 'removeRepost'>;

/** Likes and reposts, made and undone. */
export function createLikesAndReposts({ items, commits }: ChangesDeps): LikesAndReposts {
  function add(kind: 'like' | 'repost', { traceId, ...record }: NewEngagement): boolean {
    if (items.active(kind, record.tweetId, record.actor) !== undefined) return false;
    const time = snowflakeTime(record.id);
    const item: Item = { ...record, kind, state: 'active', changedAt: time, position: 0 };
    item.position = items.announce('added', item, { time, traceId });
    items.add(item);
    return true;
  }
  function remove(kind: 'like' | 'repost', { tweetId, actor, ...details }: EngagementRemoval): boolean {
    const item = items.active(kind, tweetId, actor);
    if (item === undefined) return false;
    takeBack(items, item, details);
    return true;
  }
  return {
    addLike: (request) => commits.write(() => add('like', request)),
    removeLike: (request) => commits.write(() => remove('like', request)),
    addRepost: (request) => commits.write(() => add('repost', request)),
    removeRepost: (request) => commits.write(() => remove('repost', request)),
  };
}

/** Removes an item, and announces the removal if the item was active. */
function takeBack(items: Items, item: Item, details: { time: number; traceId: string }): void {
  if (isActive(item)) items.announce('removed', item, details);
  if (item.kind === 'like') items.forget(item);
  else items.move(item, item.kind === 'repost' ? 'undone' : 'deleting', details.time);
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
export function createComments({ items, keys, commits }: ChangesDeps): Comments {
  function keyed(actor: UserId, key: string, since: number): KeyedComment | undefined {
    const found = keys.get(actor)?.get(key);
    return found === undefined || found.usedAt < since ? undefined : keyedComment(found);
  }

  function begin({ idempotency, keysSince, traceId, ...record }: NewComment): KeyedComment {
    const earlier = idempotency === null ? undefined : keyed(record.actor, idempotency.key, keysSince);
    if (earlier !== undefined) return earlier;
    const changedAt = snowflakeTime(record.id);
    const comment: Item = { ...record, kind: 'comment', state: 'pending', changedAt, position: 0 };
    items.add(comment);
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
        const item = items.byId.get(commentId);
        if (item?.state !== 'pending') return item?.state === 'listed';
        const time = snowflakeTime(commentId);
        items.move(item, 'listed', time);
        items.announce('added', item, { time, traceId });
        return true;
      }),
    abandonComment: ({ commentId, time }) =>
      commits.write(() => {
        const item = items.byId.get(commentId);
        if (item?.state !== 'pending') return;
        items.move(item, 'deleting', time);
        forgetKeyOf(keys, item);
      }),
    removeComment: ({ commentId, ...details }) =>
      commits.write(() => {
        const item = items.byId.get(commentId);
        if (item?.state !== 'listed') return false;
        takeBack(items, item, details);
        return true;
      }),
    completeDeletions: ({ commentIds, time }) =>
      commits.write(() => {
        for (const id of commentIds) {
          const item = items.byId.get(id);
          if (item?.state === 'deleting') items.move(item, 'deleted', time);
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

function forgetKeyOf(keys: Keys, comment: Item): void {
  const own = keys.get(comment.actor) ?? new Map<string, Key>();
  for (const [name, key] of own) if (key.comment === comment) own.delete(name);
}

type Upkeep = Pick<EngagementStore, 'eraseActor' | 'pruneTweet' | 'pruneUndone'>;

/** Erasure and pruning, in bounded steps. */
export function createUpkeep({ items, keys, commits }: ChangesDeps): Upkeep {
  return {
    eraseActor: ({ actor, limit, ...details }) =>
      commits.write(() => {
        const left = items.ofActor(actor).filter((item) => isActive(item) || item.state === 'pending');
        for (const item of left.slice(0, limit)) takeBack(items, item, details);
        const own = keys.get(actor) ?? new Map<string, Key>();
        const forgotten = [...own.keys()].slice(0, Math.max(0, limit - left.length));
        for (const name of forgotten) own.delete(name);
        return { done: left.length + forgotten.length < limit };
      }),
    pruneTweet: ({ tweetId, limit, time }) =>
      commits.write(() => {
        const left = items.ofTweet(tweetId).filter(isKept);
        for (const item of left.slice(0, limit)) {
          if (item.state === 'pending') forgetKeyOf(keys, item);
          if (item.kind === 'comment') items.move(item, 'deleting', time);
          else items.forget(item);
        }
        return { done: left.length < limit };
      }),
    pruneUndone: ({ before, limit }) =>
      commits.write(() => {
        const undone = [...items.byId.values()].filter(
          ({ state, changedAt }) => state === 'undone' && changedAt < before,
        );
        const oldest = undone.sort((a, b) => a.changedAt - b.changedAt).slice(0, limit);
        for (const item of oldest) items.forget(item);
        return oldest.length === limit;
      }),
  };
}
