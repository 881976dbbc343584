import type { Snowflake, TweetId, UserId } from '#domain/ids.ts';
import type { EngagementKind } from '#domain/names.ts';
import type { MemoryOutbox } from '#queue/stores/memory/outbox.ts';
import type { EngagementRecord } from '../../engagement.ts';
import { type EngagementChange, eventsOf } from '../../engagement-events.ts';
import type { CommentState } from '../../engagement-store.ts';

/** A like, a comment or a repost. A like that was taken back is forgotten, a repost is kept as undone. */
export interface Item extends Omit<EngagementRecord, 'id'> {
  /** A snowflake of its kind. */
  readonly id: number;
  state: CommentState | 'active' | 'undone';
  /** When it became that; milliseconds since 1970. */
  changedAt: number;
  /** Of its last event when it was made: a repost's on topic `reposts`. */
  position: number;
}

/** Whether it is counted, shown and announced. */
export function isActive({ state }: Item): boolean {
  return state === 'active' || state === 'listed';
}

/** Whether it holds its tweet: comments on their way out do not. */
export function isKept({ state }: Item): boolean {
  return state !== 'deleting' && state !== 'deleted';
}

/** All items of a backend, found by what they are asked for by. Counts are not kept: they are counted. */
export interface Items {
  byId: ReadonlyMap<Snowflake, Item>;
  ofTweet(tweetId: TweetId): readonly Item[];
  ofActor(actor: UserId): readonly Item[];
  /** The active like or repost of somebody. */
  active(kind: EngagementKind, tweetId: TweetId, actor: UserId): Item | undefined;
  add(item: Item): void;
  move(item: Item, state: Item['state'], time: number): void;
  forget(item: Item): void;
  /** Appends a change's events, in the write that makes it; the position of the last one. */
  announce(change: EngagementChange['change'], item: Item, of: { time: number; traceId: string }): number;
}

/** `changed` is told of every tweet whose engagement changes, before the commit ends. */
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
