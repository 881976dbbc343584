/** Following, its lists, and follow requests. */
import { Type } from 'typebox';
import { FOLLOW_STATES } from '#domain/names.ts';
import { defineRoute, type Route } from '#http/route.ts';
import { userIdOf, userOf } from '../ids.ts';
import {
  Id,
  ListQuery,
  NextCursor,
  Nothing,
  named,
  namedEnum,
  UserParams,
  Users,
} from '../schemas/common.ts';
import type { RouteDeps } from './deps.ts';
import { idsOf, type ListRequest, readPaginatedList } from './paginated-list.ts';

const topic = 'Following';

export function followsRoutes(deps: RouteDeps): Route[] {
  return [...followRoutes(deps), ...listRoutes(deps), ...requestRoutes(deps)];
}

function followRoutes({ services: { social } }: RouteDeps): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/follow',
      auth: 'required',
      rateLimit: 'write',
      operationId: 'follow',
      tag: topic,
      summary: 'Follow somebody, publicly or privately, or ask a protected account',
      description: 'Again with the other `private`: changes it. A private follow is seen by you alone.',
      body: named('Follow', { userId: Id, private: Type.Optional(Type.Boolean({ default: false })) }),
      response: named('FollowState', { state: namedEnum('FollowStateName', FOLLOW_STATES) }),
      errors: ['cannot_follow_self', 'not_found', 'protected_account'],
      handler: ({ body, caller, traceId }) =>
        social.follow({
          follower: caller.userId,
          followee: userIdOf(body.userId),
          private: body.private ?? false,
          traceId,
        }),
    }),
    defineRoute({
      method: 'PUT',
      path: '/follow/{userId}',
      auth: 'required',
      rateLimit: 'write',
      operationId: 'changeFollow',
      tag: topic,
      summary: 'Have the reposts of somebody you follow in your home, or not',
      params: UserParams,
      body: named('FollowChange', { reposts: Type.Boolean() }),
      response: Nothing,
      errors: ['not_found'],
      async handler({ params, body, caller, traceId }) {
        const followee = userOf(params.userId, caller);
        await social.showReposts({ follower: caller.userId, followee, shown: body.reposts, traceId });
        return {};
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/me/followers/{userId}',
      auth: 'required',
      rateLimit: 'write',
      operationId: 'removeFollower',
      tag: topic,
      summary: 'Take a follower away',
      description: 'They may follow again, or ask to; block them to prevent that.',
      params: UserParams,
      response: Nothing,
      async handler({ params, caller, traceId }) {
        const follower = userOf(params.userId, caller);
        await social.removeFollower({ followee: caller.userId, follower, traceId });
        return {};
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/follow/{userId}',
      auth: 'required',
      rateLimit: 'write',
      operationId: 'unfollow',
      tag: topic,
      summary: 'Stop following, or take a request back',
      params: UserParams,
      response: Nothing,
      async handler({ params, caller, traceId }) {
        await social.unfollow({
          follower: caller.userId,
          followee: userOf(params.userId, caller),
          traceId,
        });
        return {};
      },
    }),
  ];
}

function listRoutes(deps: RouteDeps): Route[] {
  const { social } = deps.services;
  return [
    defineRoute({
      method: 'GET',
      path: '/{userId}/followers',
      auth: 'optional',
      rateLimit: 'read',
      operationId: 'listFollowers',
      tag: topic,
      summary: "Somebody's public followers, newest first",
      params: UserParams,
      query: ListQuery,
      response: named('FollowersPage', { followers: Type.Array(Id), users: Users, nextCursor: NextCursor }),
      errors: ['not_found', 'invalid_cursor'],
      async handler({ params, query, caller }) {
        const viewer = caller?.userId ?? null;
        const userId = userOf(params.userId, caller);
        const list: ListRequest = { list: 'followers', subject: userId, viewer, query };
        const { rows, rest } = await readPaginatedList(deps, list, (page) =>
          social.followers({ userId, viewer, ...page }),
        );
        return { followers: idsOf(rows), ...rest };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/{userId}/following',
      auth: 'optional',
      rateLimit: 'read',
      operationId: 'listFollowing',
      tag: topic,
      summary: 'Whom somebody follows, newest first',
      description: 'In your own list `private` names those whom you follow privately.',
      params: UserParams,
      query: ListQuery,
      response: named('FollowingPage', {
        following: Type.Array(Id),
        private: Type.Optional(Type.Array(Id)),
        users: Users,
        nextCursor: NextCursor,
      }),
      errors: ['not_found', 'invalid_cursor'],
      async handler({ params, query, caller }) {
        const viewer = caller?.userId ?? null;
        const userId = userOf(params.userId, caller);
        const list: ListRequest = { list: 'following', subject: userId, viewer, query };
        const { rows, rest } = await readPaginatedList(deps, list, (page) =>
          social.following({ userId, viewer, ...page }),
        );
        const privately = idsOf(rows.filter((row) => row.private));
        return { following: idsOf(rows), ...(userId === viewer ? { private: privately } : {}), ...rest };
      },
    }),
  ];
}

function requestRoutes(deps: RouteDeps): Route[] {
  const { social } = deps.services;
  return [
    defineRoute({
      method: 'GET',
      path: '/me/follow-requests',
      auth: 'required',
      rateLimit: 'read',
      operationId: 'listFollowRequests',
      tag: topic,
      summary: 'Who asks to follow you, newest first',
      query: ListQuery,
      response: named('FollowRequestsPage', {
        requests: Type.Array(Id),
        users: Users,
        nextCursor: NextCursor,
      }),
      errors: ['invalid_cursor'],
      async handler({ query, caller: { userId } }) {
        const list: ListRequest = { list: 'follow-requests', subject: userId, viewer: userId, query };
        const { rows, rest } = await readPaginatedList(deps, list, (page) =>
          social.followRequests({ userId, ...page }),
        );
        return { requests: idsOf(rows), ...rest };
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/me/follow-requests/{userId}',
      auth: 'required',
      rateLimit: 'write',
      operationId: 'answerFollowRequest',
      tag: topic,
      summary: 'Let somebody follow you, or not',
      params: UserParams,
      body: named('FollowRequestAnswer', { approve: Type.Boolean() }),
      response: Nothing,
      errors: ['not_found'],
      async handler({ params, body, caller, traceId }) {
        const follower = userOf(params.userId, caller);
        await social.answerRequest({ followee: caller.userId, follower, approve: body.approve, traceId });
        return {};
      },
    }),
  ];
}
