import type { EventDraft, EventType } from '#domain/events.ts';
import type { Snowflake, TweetId, UserId } from '#domain/ids.ts';
import type { EngagementKind } from '#domain/names.ts';

/** One like, comment or repost, as its events name it. */
export interface EngagementRecord {
  id: Snowflake;
  tweetId: TweetId;
  /** Who wrote the tweet. */
  author: UserId;
  /** Whose like, comment or repost it is, whoever removed it. */
  actor: UserId;
}

export interface EngagementChange {
  kind: EngagementKind;
  change: 'added' | 'removed';
  record: EngagementRecord;
  /** Milliseconds since 1970. */
  time: number;
  traceId: string;
}

/**
 * The events of one change: one for the tweet's author on topic `engagement`, and for a repost one more on topic
 * `reposts` for whoever reposted (always the last), in the commit of the change itself.
 */
export function eventsOf({ kind, change, record, time, traceId }: EngagementChange): EventDraft[] {
  const type: EventType = `${kind}.${change}`;
  const { id: itemId, tweetId: entityId, author, actor: actorId } = record;
  const common = { type, entityId, entityVersion: 1, actorId, itemId, time, traceId };
  const forAuthor: EventDraft = { ...common, topic: 'engagement', key: author };
  return kind === 'repost' ? [forAuthor, { ...common, topic: 'reposts', key: actorId }] : [forAuthor];
}
