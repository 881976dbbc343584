/** Posting, reading and deleting a tweet. */
import { isWarbleError, WarbleError } from '#domain/errors.ts';
import { LIMITS } from '#domain/limits.ts';
import { defineRoute, type Route } from '#http/route.ts';
import type { MediaUse } from '#media/media.ts';
import { idempotencyOf } from '../idempotency.ts';
import { checkActor, snowflakeIdOf } from '../ids.ts';
import { Id, Nothing, named, TweetParams } from '../schemas/common.ts';
import { IdempotencyHeaders, PostTweet, TweetWithUsers } from '../schemas/tweets.ts';
import type { RouteDeps } from './deps.ts';

const topic = 'Tweets';

export function tweetsRoutes(deps: RouteDeps): Route[] {
  return [postRoute(deps), getRoute(deps), deleteRoute(deps)];
}

function postRoute({ services, media }: RouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/postTweet',
    auth: 'required',
    rateLimit: 'post',
    operationId: 'postTweet',
    tag: topic,
    summary: `Post a tweet of at most ${LIMITS.textGraphemes} characters, with up to ${LIMITS.imagesPerTweet} images`,
    headers: IdempotencyHeaders,
    body: PostTweet,
    response: named('TweetPosted', { tweetId: Id }),
    errors: ['invalid_text', 'unknown_image', 'forbidden', 'idempotency_mismatch', 'idempotency_in_progress'],
    async handler({ body, headers, caller, traceId }) {
      checkActor(body.userId, caller);
      const { content, images: names = [] } = body;
      const author = caller.userId;
      const idempotency = idempotencyOf(headers['idempotency-key'], [content, names]);
      const held = names.length === 0 ? null : await media.hold({ owner: author, names });
      let usedBy: MediaUse | null = null;
      try {
        const images = held?.images ?? [];
        const posted = await services.tweets.post({
          author,
          content,
          images,
          appId: null,
          idempotency,
          traceId,
        });
        usedBy = `tweet:${posted.tweetId}`;
        return { tweetId: String(posted.tweetId), time: posted.time };
      } finally {
        await held?.done(usedBy);
      }
    },
  });
}

function getRoute({ services, serializers }: RouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/tweets/{tweetId}',
    auth: 'optional',
    rateLimit: 'read',
    operationId: 'getTweet',
    tag: topic,
    summary: 'One tweet',
    params: TweetParams,
    response: TweetWithUsers,
    errors: ['not_found'],
    async handler({ params, caller }) {
      const tweetId = snowflakeIdOf(params.tweetId);
      return serializers.tweet(await services.timeline.tweet({ tweetId, viewer: caller?.userId ?? null }));
    },
  });
}

function deleteRoute({ services: { tweets, timeline } }: RouteDeps): Route {
  return defineRoute({
    method: 'DELETE',
    path: '/tweets/{tweetId}',
    auth: 'required',
    rateLimit: 'write',
    operationId: 'deleteTweet',
    tag: topic,
    summary: 'Delete your tweet, everywhere at once',
    params: TweetParams,
    response: Nothing,
    errors: ['forbidden', 'not_found'],
    async handler({ params, caller, traceId }) {
      const tweetId = snowflakeIdOf(params.tweetId);
      try {
        await tweets.remove({ tweetId, author: caller.userId, by: 'author', traceId });
      } catch (error) {
        if (!isWarbleError(error, 'not_found')) throw error;
        // Not the caller's own: a caller who may read it gets 403, any other 404.
        await timeline.tweet({ tweetId, viewer: caller.userId });
        throw new WarbleError('forbidden', 'Only its author can delete a tweet.');
      }
      return {};
    },
  });
}
