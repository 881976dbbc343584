import type { EventDraft, EventType } from '#domain/events.ts';
import type { EngagementRecord } from './engagement.ts';

export interface EngagementChange {
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
export function eventsOf({ change, record, time, traceId }: EngagementChange): EventDraft[] {
  const { kind, id: itemId, tweetId: entityId, author, actor: actorId } = record;
  const type: EventType = `${kind}.${change}`;
  const common = { type, entityId, entityVersion: 1, actorId, itemId, time, traceId };
  const forAuthor: EventDraft = { ...common, topic: 'engagement', key: author };
  return kind === 'repost' ? [forAuthor, { ...common, topic: 'reposts', key: actorId }] : [forAuthor];
}
