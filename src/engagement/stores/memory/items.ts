import type { Snowflake, TweetId, UserId } from '#domain/ids.ts';
import type { EngagementKind } from '#domain/names.ts';
import type { MemoryOutbox } from '#queue/stores/memory/outbox.ts';
import type { EngagementRecord } from '../../engagement.ts';
import { type EngagementChange, eventsOf } from '../../engagement-events.ts';
import type { CommentState } from '../../engagement-store.ts';

/** A like, a comment or a repost. A removed like is forgotten; a removed repost is kept as undone. */
export interface Item extends Omit<EngagementRecord, 'id'> {
  /** A snowflake of its kind. */
  readonly id: number;
  state: CommentState | 'active' | 'undone';
  /** When `state` last changed; milliseconds since 1970. */
  changedAt: number;
  /** The position of the last event of its making; for a repost, of that on topic `reposts`. */
  position: number;
}

/** Whether it is counted, shown and announced. */
export function isActive({ state }: Item): boolean {
  return state === 'active' || state === 'listed';
}

/** Whether `pruneTweet` has yet to drop it; comments that are deleting or deleted are dropped already. */
export function isKept({ state }: Item): boolean {
  return state !== 'deleting' && state !== 'deleted';
}

/** All items of a backend, with an index for each kind of query. Counts are not kept but counted. */
export interface Items {
  byId: ReadonlyMap<Snowflake, Item>;
  ofTweet(tweetId: TweetId): readonly Item[];
  ofActor(actor: UserId): readonly Item[];
  /** A user's active like or repost of a tweet. */
  active(kind: EngagementKind, tweetId: TweetId, actor: UserId): Item | undefined;
  add(item: Item): void;
  move(item: Item, state: Item['state'], time: number): void;
  forget(item: Item): void;
  /** Appends the events of a change, in its write. Returns the position of the last one. */
  announce(change: EngagementChange['change'], item: Item, of: { time: number; traceId: string }): number;
}

/** `changed` is called, before the commit ends, with every tweet whose engagement changes. */
export function createItems(outbox: MemoryOutbox, changed: (tweetId: TweetId) => void): Items {
  const byId = new Map<Snowflake, Item>();
  const byTweet = new Map<TweetId, Set<Item>>();
  const byActor = new Map<UserId, Set<Item>>();
  const ofTweet = (tweetId: TweetId) => [...(byTweet.get(tweetId) ?? [])];
  return {
    byId,
    ofTweet,
    ofActor: (actor) => [...(byActor.get(actor) ?? [])],
    active: (kind, tweetId, actor) =>
      ofTweet(tweetId).find((item) => item.kind === kind && item.actor === actor && isActive(item)),
    add(item) {
      byId.set(item.id, item);
      byTweet.set(item.tweetId, (byTweet.get(item.tweetId) ?? new Set<Item>()).add(item));
      byActor.set(item.actor, (byActor.get(item.actor) ?? new Set<Item>()).add(item));
      changed(item.tweetId);
    },
    move(item, state, time) {
      item.state = state;
      item.changedAt = time;
      changed(item.tweetId);
    },
    forget(item) {
      byId.delete(item.id);
      byTweet.get(item.tweetId)?.delete(item);
      byActor.get(item.actor)?.delete(item);
      changed(item.tweetId);
    },
    announce(change, item, { time, traceId }) {
      let position = 0;
      for (const event of eventsOf({ change, record: item, time, traceId })) {
        position = outbox.append(event).position;
      }
      return position;
    },
  };
}
