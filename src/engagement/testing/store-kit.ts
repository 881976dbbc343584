import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe } from 'node:test';
import { partitionOf, type Topic, type WarbleEvent } from '#domain/events.ts';
import { type CommentId, firstSnowflakeAt, type TweetId } from '#domain/ids.ts';
import type { Log } from '#queue/log.ts';
import type { Summary } from '../engagement.ts';
import type {
  EngagementRemoval,
  EngagementStore,
  ListRead,
  NewComment,
  NewEngagement,
  OpenedEngagementStore,
} from '../engagement-store.ts';

/** A fresh backend with two handles, opened apart as two processes would. */
export interface EngagementBackend {
  one: OpenedEngagementStore;
  /** The same as `one` only where an adapter must be its backend's sole owner. */
  two: OpenedEngagementStore;
  remove(): Promise<void>;
}
export type CreateBackend = () => Promise<EngagementBackend>;

/** The backend of the test that runs. */
export interface Kit {
  one: EngagementStore;
  two: EngagementStore;
  log: Log;
}

export const START_MS = 1_800_000_000_000;
/** When things are undone, long after all ids. */
export const TIME_MS = START_MS + 5_000;
/** Who wrote the tweets. */
export const AUTHOR = 7;
export const TWEET = firstSnowflakeAt(START_MS);
export const OTHER_TWEET = TWEET + 1;
export const traceId = 'trace';

/** Runs `body`'s tests, each with a backend of its own. */
export function engagementSuite(name: string, create: CreateBackend, body: (kit: Kit) => void): void {
  describe(name, () => {
    let backend: EngagementBackend;
    const kit = {} as Kit;
    beforeEach(async () => {
      backend = await create();
      kit.one = backend.one;
      kit.two = backend.two;
      kit.log = backend.two.log;
    });
    afterEach(() => backend.remove());
    body(kit);
  });
}

let lastId: number = TWEET + 1_000;
export function newEngagement(actor: number, tweetId: TweetId = TWEET): NewEngagement & { id: CommentId } {
  lastId += 1;
  return { id: lastId, tweetId, author: AUTHOR, actor, traceId };
}
export function removal(actor: number, tweetId: TweetId = TWEET): EngagementRemoval {
  return { tweetId, actor, time: TIME_MS, traceId };
}
export function draft(actor: number, key?: string, tweetId: TweetId = TWEET): NewComment {
  const idempotency = key === undefined ? null : { key, bodyHash: 'body' };
  return { ...newEngagement(actor, tweetId), idempotency, keysSince: 0 };
}
export function list(before: number | null = null, limit = 10): ListRead {
  return { tweetId: TWEET, before, limit };
}
/** A comment on its whole way; resolves with its id. */
export async function listed(store: EngagementStore, actor: number): Promise<CommentId> {
  const { commentId } = await store.beginComment(draft(actor));
  assert.equal(await store.listComment({ commentId, traceId }), true);
  return commentId;
}
export async function summary(
  store: EngagementStore,
  viewer: number | null = null,
  tweetId: TweetId = TWEET,
): Promise<Summary> {
  const [found] = await store.summaries({ viewer, tweetIds: [tweetId] });
  return found!;
}

/** Every event of one key, in order. */
export async function eventsOf(log: Log, topic: Topic, key: number): Promise<WarbleEvent[]> {
  const records = await log.read({ topic, partition: partitionOf(key), after: 0, limit: 10_000 });
  return records.map((record) => record.event).filter((event) => event.key === key);
}
export function types(events: WarbleEvent[]): [string, number, number][] {
  return events.map((event) => [event.type, event.actorId, event.itemId]);
}
