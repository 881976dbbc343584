import { requireBatch } from '#domain/batch.ts';
import { parseEntities } from '#domain/entities.ts';
import { notFound, WarbleError } from '#domain/errors.ts';
import { snowflakeTime, type TextId, type TweetId, type UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Mention, TweetImage, TweetRecord } from '#domain/records.ts';
import { checkText } from '#domain/text.ts';
import type { Clock } from '#platform/clock.ts';
import type { Minter } from '#platform/ids/minter.ts';
import type { ParsedText, Tweets } from './tweets.ts';
import type { TweetsStore } from './tweets-store.ts';

/** What tweets need of the social service. Neither imports the other, so it is handed in. */
export interface HandleLookup {
  /** The active users with these handles (in lower case); a handle that nobody has is left out. */
  lookup(request: { handles: string[] }): Promise<{ handle: string; userId: UserId }[]>;
}

export interface TweetsServiceDeps {
  store: TweetsStore;
  social: HandleLookup;
  minter: Pick<Minter, 'mint'>;
  clock: Pick<Clock, 'now'>;
}

/** The rules of tweets: which texts are accepted, whom they mention, and that an idempotency key means one tweet. */
export function createTweetsService({ store, social, minter, clock }: TweetsServiceDeps): Tweets {
  /** Throws invalid_text. Asks social only about a text with mentions, once. */
  async function parseText({ content: raw }: { content: string }): Promise<ParsedText> {
    const content = acceptText(raw);
    const entities = parseEntities(content);
    if (entities.mentions.length > 0) await resolveMentions(social, entities.mentions);
    return { content, entities };
  }

  return {
    async post({ author, content, images, appId, idempotency, traceId }) {
      if (images.length > LIMITS.imagesPerTweet) {
        throw new WarbleError('invalid_request', `A tweet can have at most ${LIMITS.imagesPerTweet} images.`);
      }
      const text = await parseText({ content });
      const now = clock.now();
      const inserted = await store.insertTweet({
        tweet: newRecord({
          id: minter.mint({ owner: author, kind: 'tweet' }),
          author,
          rootId: null,
          text,
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
    parseText,
    async writeComment({ commentId, author, tweetId, content, entities }) {
      const comment = newRecord({
        id: commentId,
        author,
        rootId: tweetId,
        text: { content, entities },
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
  text: ParsedText;
  images: TweetImage[];
  appId: string | null;
}

function newRecord<Id extends TextId>(draft: Draft<Id>): TweetRecord<Id> {
  const { id, author, rootId, text, images, appId } = draft;
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
    content: text.content,
    entities: text.entities,
    images,
    time: snowflakeTime(id),
  };
}

/**
 * Sets `userId` of each mention to who has the handle now, because handles may change hands. One lookup, of as many
 * handles as a text holds.
 */
async function resolveMentions(social: HandleLookup, mentions: Mention[]): Promise<void> {
  const handles = new Set(mentions.map(({ handle }) => handle.toLowerCase()));
  const users = await social.lookup({ handles: [...handles] });
  const userIds = new Map(users.map(({ handle, userId }) => [handle.toLowerCase(), userId]));
  for (const mention of mentions) mention.userId = userIds.get(mention.handle.toLowerCase()) ?? null;
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

/** Returns the request if its list is within the bound of one call. Throws otherwise. */
function within<Request>(list: readonly number[], request: Request): Request {
  requireBatch(list);
  return request;
}
