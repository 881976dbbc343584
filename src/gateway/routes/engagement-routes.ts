/** Liking, commenting and reposting, and the lists of who did. */
import { Type } from 'typebox';
import { type Snowflake, snowflakeTime, type UserId } from '#domain/ids.ts';
import type { CommentRow, LikeRow, Page, RepostRow } from '#domain/records.ts';
import type { EngagementList } from '#engagement/engagement.ts';
import { type Caller, defineRoute, type Route } from '#http/route.ts';
import { idempotencyOf } from '../idempotency.ts';
import { checkActor, snowflakeIdOf } from '../ids.ts';
import {
  Id,
  ListQuery,
  NextCursor,
  Nothing,
  named,
  strictObject,
  TweetParams,
  Users,
} from '../schemas/common.ts';
import { ActOnTweet, Comment, IdempotencyHeaders, Like, PostComment, Repost } from '../schemas/tweets.ts';
import type { RouteDeps } from './deps.ts';
import { type ListRequest, readPaginatedList } from './paginated-list.ts';

const topic = 'Engagement';

export function engagementRoutes(deps: RouteDeps): Route[] {
  return [
    ...toggleRoutes(deps, 'like'),
    ...toggleRoutes(deps, 'repost'),
    commentRoute(deps),
    deleteCommentRoute(deps),
    likesRoute(deps),
    commentsRoute(deps),
    repostsRoute(deps),
  ];
}

/** The routes of likes and reposts are alike. */
function toggleRoutes({ services: { engagement } }: RouteDeps, kind: 'like' | 'repost'): Route[] {
  const does = { like: engagement.like, repost: engagement.repost }[kind];
  const undoes = { like: engagement.unlike, repost: engagement.unrepost }[kind];
  return [
    defineRoute({
      method: 'POST',
      path: `/${kind}`,
      auth: 'required',
      rateLimit: 'write',
      operationId: kind,
      tag: topic,
      summary: kind === 'like' ? 'Like a tweet' : 'Repost a tweet; not one of a protected account',
      body: ActOnTweet,
      response: Nothing,
      errors: ['not_found', 'forbidden'],
      async handler({ body, caller, traceId }) {
        checkActor(body.userId, caller);
        await does({ actor: caller.userId, tweetId: snowflakeIdOf(body.tweetId), traceId });
        return {};
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: `/${kind}/{tweetId}`,
      auth: 'required',
      rateLimit: 'write',
      operationId: `un${kind}`,
      tag: topic,
      summary: `Take your ${kind} back`,
      params: TweetParams,
      response: Nothing,
      async handler({ params, caller, traceId }) {
        await undoes({ actor: caller.userId, tweetId: snowflakeIdOf(params.tweetId), traceId });
        return {};
      },
    }),
  ];
}

function commentRoute({ services: { engagement } }: RouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/comment',
    auth: 'required',
    rateLimit: 'write',
    operationId: 'comment',
    tag: topic,
    summary: 'Comment on a tweet',
    headers: IdempotencyHeaders,
    body: PostComment,
    response: named('CommentPosted', { commentId: Id }),
    errors: ['invalid_text', 'not_found', 'forbidden', 'idempotency_mismatch', 'idempotency_in_progress'],
    async handler({ body, headers, caller, traceId }) {
      checkActor(body.userId, caller);
      const { content } = body;
      const { commentId, time } = await engagement.comment({
        actor: caller.userId,
        tweetId: snowflakeIdOf(body.tweetId),
        content,
        idempotency: idempotencyOf(headers['idempotency-key'], [body.tweetId, content]),
        traceId,
      });
      return { commentId: String(commentId), time };
    },
  });
}

function deleteCommentRoute({ services: { engagement } }: RouteDeps): Route {
  return defineRoute({
    method: 'DELETE',
    path: '/tweets/{tweetId}/comments/{commentId}',
    auth: 'required',
    rateLimit: 'write',
    operationId: 'deleteComment',
    tag: topic,
    summary: 'Delete a comment of yours, or one on your tweet',
    params: strictObject({ tweetId: Id, commentId: Id }),
    response: Nothing,
    errors: ['forbidden', 'not_found'],
    async handler({ params, caller, traceId }) {
      const tweetId = snowflakeIdOf(params.tweetId);
      const commentId = snowflakeIdOf(params.commentId);
      await engagement.removeComment({ actor: caller.userId, tweetId, commentId, traceId });
      return {};
    },
  });
}

function likesRoute(deps: RouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/tweets/{tweetId}/likes',
    auth: 'optional',
    rateLimit: 'read',
    operationId: 'listLikes',
    tag: topic,
    summary: 'Who liked a tweet, newest first',
    params: TweetParams,
    query: ListQuery,
    response: named('LikesPage', { likes: Type.Array(Like), users: Users, nextCursor: NextCursor }),
    errors: ['not_found', 'invalid_cursor'],
    async handler(request) {
      const { rows, rest } = await readActs(deps, 'likes', request);
      return { likes: withTimes(deps, rows), ...rest };
    },
  });
}

function repostsRoute(deps: RouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/tweets/{tweetId}/reposts',
    auth: 'optional',
    rateLimit: 'read',
    operationId: 'listReposts',
    tag: topic,
    summary: 'Who reposted a tweet, newest first',
    params: TweetParams,
    query: ListQuery,
    response: named('RepostsPage', {
      reposts: Type.Array(Repost),
      users: Users,
      nextCursor: NextCursor,
    }),
    errors: ['not_found', 'invalid_cursor'],
    async handler(request) {
      const { rows, rest } = await readActs(deps, 'reposts', request);
      return { reposts: withTimes(deps, rows), ...rest };
    },
  });
}

function commentsRoute(deps: RouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/tweets/{tweetId}/comments',
    auth: 'optional',
    rateLimit: 'read',
    operationId: 'listComments',
    tag: topic,
    summary: 'The comments on a tweet, newest first',
    params: TweetParams,
    query: ListQuery,
    response: named('CommentsPage', { comments: Type.Array(Comment), users: Users, nextCursor: NextCursor }),
    errors: ['not_found', 'invalid_cursor'],
    async handler(request) {
      const { rows, rest } = await readActs(deps, 'comments', request);
      return { comments: await withTexts(deps, rows), ...rest };
    },
  });
}

interface ActsRequest {
  params: { tweetId: string };
  query: ListRequest['query'];
  caller: Caller | null;
}

interface Rows {
  likes: LikeRow;
  comments: CommentRow;
  reposts: RepostRow;
}
type Lists = { [List in keyof Rows]: (request: EngagementList) => Promise<Page<Rows[List]>> };

/** Reads the requested page of one of a tweet's lists. */
function readActs<List extends keyof Rows>(
  deps: RouteDeps,
  list: List,
  { params, query, caller }: ActsRequest,
) {
  const viewer = caller?.userId ?? null;
  const tweetId = snowflakeIdOf(params.tweetId);
  const lists: Lists = deps.services.engagement;
  return readPaginatedList<Rows[List]>(deps, { list, subject: tweetId, viewer, query }, (page) =>
    lists[list]({ tweetId, viewer, ...page }),
  );
}

/** Likes or reposts with their times, which are in their ids. */
function withTimes({ serializers }: RouteDeps, rows: readonly { id: Snowflake; userId: UserId }[]) {
  return rows.map(({ id, userId }) => ({
    userId: String(userId),
    time: serializers.time(snowflakeTime(id)),
  }));
}

/** Comments with their text, without those deleted in the meantime. */
async function withTexts({ services, serializers }: RouteDeps, rows: CommentRow[]) {
  if (rows.length === 0) return [];
  const records = await services.tweets.get({ ids: rows.map(({ id }) => id) });
  const byId = new Map(records.map((record) => [record.id, record]));
  return rows.flatMap(({ id, userId }) => {
    const record = byId.get(id);
    if (record === undefined) return [];
    const { content, time } = record;
    return [{ commentId: String(id), userId: String(userId), content, time: serializers.time(time) }];
  });
}
