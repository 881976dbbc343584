import { ownerHash, ownerHashOf, type Snowflake, type UserId } from './ids.ts';

/**
 * Events say what became true, by ids only and never with texts, so that erasing a user needs no rewriting of logs.
 *
 * | topic | key | types |
 * |---|---|---|
 * | tweets | author | tweet.posted, tweet.deleted |
 * | follows | followee | follow.added, follow.changed, follow.removed, follow.requested, follow.withdrawn |
 * | engagement | author of the tweet | like.*, comment.*, repost.* (added, removed) |
 * | reposts | the reposter | repost.added, repost.removed |
 * | accounts | the user | profile.changed, account.changed, block.*, mute.*, reposts.hidden, reposts.shown |
 *
 * All topics have the same number of partitions and the same function from key to partition, so one owner folds a
 * user's posts and follows one after the other.
 */
export const TOPICS = ['tweets', 'follows', 'engagement', 'reposts', 'accounts'] as const;
export type Topic = (typeof TOPICS)[number];

export type EventType =
  | 'tweet.posted'
  | 'tweet.deleted'
  | 'follow.added'
  | 'follow.changed'
  | 'follow.removed'
  | 'follow.requested'
  | 'follow.withdrawn'
  | 'like.added'
  | 'like.removed'
  | 'comment.added'
  | 'comment.removed'
  | 'repost.added'
  | 'repost.removed'
  | 'profile.changed'
  | 'account.changed'
  | 'block.added'
  | 'block.removed'
  | 'mute.added'
  | 'mute.removed'
  | 'reposts.hidden'
  | 'reposts.shown';

/** What a service hands to its outbox in the transaction that writes the fact. */
export interface EventDraft {
  topic: Topic;
  type: EventType;
  /** Chooses the partition and carries the sequence: see the table above. */
  key: UserId;
  /**
   * tweet.*, like.*, comment.*, repost.*: the tweet. follow.*: the follow's id. Topic accounts: the other user, or 0.
   */
  entityId: number;
  /** Grows with every change of the entity; 1 for entities that never change. */
  entityVersion: number;
  /** Who did it; for follow.*, the follower. */
  actorId: UserId;
  /** The like's, comment's or repost's own id; 0 where there is none. */
  itemId: Snowflake;
  /** Milliseconds since 1970. */
  time: number;
  /** The request that caused it, for tracing; '' where there was none. */
  traceId: string;
}

export interface WarbleEvent extends EventDraft {
  /** Unique: `topic/key/sequence`. */
  eventId: string;
  schemaVersion: 1;
  /** Gapless from 1 per topic and key. */
  sequence: number;
  region: string;
}

/**
 * The same for every topic. A power of two up to 64, so that each partition covers whole owner hashes. Changing it
 * means rebuilding every view; ids stay the same.
 */
export const PARTITIONS = 16;

/** The partition of a key. */
export function partitionOf(key: UserId): number {
  return ownerHash(key) % PARTITIONS;
}

/** The partition of the owner of a tweet, comment or repost, from its id alone (see {@link ownerHashOf}). */
export function partitionOfId(id: Snowflake): number {
  return ownerHashOf(id) % PARTITIONS;
}

/** Who follows whom, of an event `follow.*`. */
export function followOf({ key, actorId }: EventDraft): { follower: UserId; followee: UserId } {
  return { follower: actorId, followee: key };
}
