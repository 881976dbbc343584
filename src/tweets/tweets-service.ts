import { requireBatch } from '#domain/batch.ts';
import { parseEntities } from '#domain/entities.ts';
import { notFound, WarbleError } from '#domain/errors.ts';
import { snowflakeTime, type TextId, type TweetId, type UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Entities, TweetImage, TweetRecord } from '#domain/records.ts';
import { checkText } from '#domain/text.ts';
import type { Clock } from '#platform/clock.ts';
import type { Minter } from '#platform/ids/minter.ts';
import type { Tweets } from './tweets.ts';
import type { TweetsStore } from './tweets-store.ts';

export interface TweetsServiceDeps {
  store: TweetsStore;
  minter: Pick<Minter, 'mint'>;
  clock: Pick<Clock, 'now'>;
}

/** The rules of tweets: what a text may be, what it names, and that an idempotency key stands for one tweet. */
export function createTweetsService({ store, minter, clock }: TweetsServiceDeps): Tweets {
  return {
    async post({ author, content, images, mentioned, appId, idempotency, traceId }) {
      if (images.length > LIMITS.imagesPerTweet) {
        throw new WarbleError('invalid_request', `A tweet can have at most ${LIMITS.imagesPerTweet} images.`);
      }
      const text = acceptText(content);
      const now = clock.now();
      const inserted = await store.insertTweet({
        tweet: newRecord({
          id: minter.mint({ owner: author, kind: 'tweet' }),
          author,
          rootId: null,
          text,
          mentioned,
          images,
          appId,
        }),
        idempotency,
        now,
        keysSince: now - LIMITS.idempotencyKept_ms,
        traceId,
      });
      if (inserted.outcome === 'mismatch') throw mismatch();
      return { tweetId: inserted.tweetId, time: snowflakeTime(inserted.tweetId) };
    },
    async remove({ tweetId, author, by, traceId }) {
      const removed = await store.removeTweet({ tweetId, author, by, now: clock.now(), traceId });
      if (removed === 'absent') throw notFound();
    },
    get: async (request) => store.get(within(request.ids, request)),
    authorsOf: async (request) => store.authorsOf(within(request.ids, request)),
    byAuthor: async (request) => ({ ids: await store.byAuthor(request) }),
    tails: async (request) => store.tails(within(request.authors, request)),
    counts: async (request) => store.counts(within(request.authors, request)),
    scan: async (request) => store.scan(request),
    checkText: async ({ content }) => ({ content: acceptText(content) }),
    async writeComment({ commentId, author, tweetId, content, mentioned }) {
      const text = acceptText(content);
      const comment = newRecord({
        id: commentId,
        author,
        rootId: tweetId,
        text,
        mentioned,
        images: [],
        appId: null,
      });
      if ((await store.insertComment(comment)) === 'no_tweet') {
        throw notFound('The tweet is gone, so it cannot be commented on.');
      }
    },
    removeComments: async (request) =>
      store.removeComments({ ...within(request.commentIds, request), now: clock.now() }),
    eraseAuthor: async (request) => store.eraseAuthor({ ...request, by: 'erasure', now: clock.now() }),
  };
}

interface Draft<Id extends TextId> {
  id: Id;
  author: UserId;
  /** The tweet that a comment answers; null for a tweet. */
  rootId: TweetId | null;
  text: string;
  mentioned: Record<string, UserId>;
  images: TweetImage[];
  appId: string | null;
}

function newRecord<Id extends TextId>(draft: Draft<Id>): TweetRecord<Id> {
  const { id, author, rootId, text, mentioned, images, appId } = draft;
  return {
    id,
    author,
    kind: rootId === null ? 'tweet' : 'comment',
    parentId: rootId,
    rootId,
    quoteOf: null,
    visibility: 'public',
    version: 1,
    lang: null,
    labels: [],
    appId,
    content: text,
    entities: entitiesOf(text, mentioned),
    images,
    time: snowflakeTime(id),
  };
}

/** A mention keeps who had the handle when it was written: handles may change hands. */
function entitiesOf(text: string, mentioned: Record<string, UserId>): Entities {
  const entities = parseEntities(text);
  for (const mention of entities.mentions) {
    const handle = mention.handle.toLowerCase();
    // Not `mentioned[handle]` alone: `constructor` is a handle too.
    if (Object.hasOwn(mentioned, handle)) mention.userId = mentioned[handle]!;
  }
  return entities;
}

function acceptText(content: string): string {
  const checked = checkText(content);
  if (checked.ok) return checked.text;
  throw new WarbleError('invalid_text', checked.reason, {
    errors: [{ pointer: '#/content', detail: checked.reason }],
  });
}

function mismatch(): WarbleError {
  return new WarbleError(
    'idempotency_mismatch',
    'This Idempotency-Key came with another tweet; use a new key for a new tweet.',
  );
}

/** Passes a request on whose list is within the bound of one call. */
function within<Request>(list: readonly number[], request: Request): Request {
  requireBatch(list);
  return request;
}
