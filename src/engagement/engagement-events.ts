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
 * The events of one change, to be written in its commit: one on topic `engagement`, keyed by the tweet's author, and
 * for a repost a second (always the last) on topic `reposts`, keyed by the user who reposted.
 */
export function eventsOf({ change, record, time, traceId }: EngagementChange): EventDraft[] {
  const { kind, id: itemId, tweetId: entityId, author, actor: actorId } = record;
  const type: EventType = `${kind}.${change}`;
  const common = { type, entityId, entityVersion: 1, actorId, itemId, time, traceId };
  const forAuthor: EventDraft = { ...common, topic: 'engagement', key: author };
  return kind === 'repost' ? [forAuthor, { ...common, topic: 'reposts', key: actorId }] : [forAuthor];
}
