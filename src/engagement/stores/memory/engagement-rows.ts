import type { Snowflake, TweetId, UserId } from '#domain/ids.ts';
import type { EngagementKind } from '#domain/names.ts';
import type { MemoryOutbox } from '#queue/stores/memory/outbox.ts';
import type { EngagementRecord } from '../../engagement.ts';
import { type EngagementChange, eventsOf } from '../../engagement-events.ts';
import type { CommentState } from '../../engagement-store.ts';

/** A like, a comment or a repost. A removed like is forgotten; a removed repost is kept as undone. */
export interface EngagementRow extends Omit<EngagementRecord, 'id'> {
  /** A snowflake of its kind. */
  readonly id: number;
  state: CommentState | 'active' | 'undone';
  /** When `state` last changed; milliseconds since 1970. */
  changedAt: number;
  /** The position of the last event of its making; for a repost, of that on topic `reposts`. */
  position: number;
}

/** Whether it is counted, shown and announced. */
export function isActive({ state }: EngagementRow): boolean {
  return state === 'active' || state === 'listed';
}

/** Whether `pruneTweet` has yet to drop it; comments that are deleting or deleted are dropped already. */
export function isKept({ state }: EngagementRow): boolean {
  return state !== 'deleting' && state !== 'deleted';
}

/** All rows of a backend, with an index for each kind of query. Counts are not kept but counted. */
export interface EngagementRows {
  byId: ReadonlyMap<Snowflake, EngagementRow>;
  ofTweet(tweetId: TweetId): readonly EngagementRow[];
  ofActor(actor: UserId): readonly EngagementRow[];
  /** A user's active like or repost of a tweet. */
  active(kind: EngagementKind, tweetId: TweetId, actor: UserId): EngagementRow | undefined;
  add(row: EngagementRow): void;
  move(row: EngagementRow, state: EngagementRow['state'], time: number): void;
  forget(row: EngagementRow): void;
  /** Appends the events of a change, in its write. Returns the position of the last one. */
  announce(
    change: EngagementChange['change'],
    row: EngagementRow,
    of: { time: number; traceId: string },
  ): number;
}

/** `changed` is called, before the commit ends, with every tweet whose engagement changes. */
export function createEngagementRows(
  outbox: MemoryOutbox,
  changed: (tweetId: TweetId) => void,
): EngagementRows {
  const byId = new Map<Snowflake, EngagementRow>();
  const byTweet = new Map<TweetId, Set<EngagementRow>>();
  const byActor = new Map<UserId, Set<EngagementRow>>();
  const ofTweet = (tweetId: TweetId) => [...(byTweet.get(tweetId) ?? [])];
  return {
    byId,
    ofTweet,
    ofActor: (actor) => [...(byActor.get(actor) ?? [])],
    active: (kind, tweetId, actor) =>
      ofTweet(tweetId).find((row) => row.kind === kind && row.actor === actor && isActive(row)),
    add(row) {
      byId.set(row.id, row);
      byTweet.set(row.tweetId, (byTweet.get(row.tweetId) ?? new Set<EngagementRow>()).add(row));
      byActor.set(row.actor, (byActor.get(row.actor) ?? new Set<EngagementRow>()).add(row));
      changed(row.tweetId);
    },
    move(row, state, time) {
      row.state = state;
      row.changedAt = time;
      changed(row.tweetId);
    },
    forget(row) {
      byId.delete(row.id);
      byTweet.get(row.tweetId)?.delete(row);
      byActor.get(row.actor)?.delete(row);
      changed(row.tweetId);
    },
    announce(change, row, { time, traceId }) {
      let position = 0;
      for (const event of eventsOf({ change, record: row, time, traceId })) {
        position = outbox.append(event).position;
      }
      return position;
    },
  };
}
