/** What the suites of tweets stores have in common: backends, sample records, the events on the log. */
import { PARTITIONS, type WarbleEvent } from '#domain/events.ts';
import { type CommentId, snowflakeTime, type TextId, type TweetId } from '#domain/ids.ts';
import type { TweetRecord } from '#domain/records.ts';
import type { Log } from '#queue/log.ts';
import type { OpenedTweetsStore, TweetInsert } from '../tweets-store.ts';

export interface TweetsBackend {
  /** Opens one more handle. */
  open(): Promise<OpenedTweetsStore>;
  /** Called after every handle was closed. */
  remove(): Promise<void>;
}

export const NOW = 1_800_000_000_000;

export function recordOf<Id extends TextId = TweetId>(
  id: Id,
  author: number,
  more: Partial<TweetRecord<Id>> = {},
): TweetRecord<Id> {
  return {
    id,
    author,
    kind: 'tweet',
    parentId: null,
    rootId: null,
    quoteOf: null,
    visibility: 'public',
    version: 1,
    lang: null,
    labels: [],
    appId: null,
    content: `text ${id}`,
    entities: { mentions: [], hashtags: [], links: [] },
    images: [],
    time: snowflakeTime(id),
    ...more,
  };
}

export function commentOf(id: CommentId, author: number, tweetId: TweetId): TweetRecord<CommentId> {
  return recordOf<CommentId>(id, author, { kind: 'comment', parentId: tweetId, rootId: tweetId });
}

export function insertOf(tweet: TweetRecord, more: Partial<TweetInsert> = {}): TweetInsert {
  return { tweet, idempotency: null, now: NOW, keysSince: NOW - 1_000, traceId: 'trace', ...more };
}

/** Every event of topic `tweets`, partition by partition. */
export async function eventsOf(log: Log): Promise<WarbleEvent[]> {
  const events: WarbleEvent[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const records = await log.read({ topic: 'tweets', partition, after: 0, limit: 10_000 });
    events.push(...records.map((record) => record.event));
  }
  return events;
}
