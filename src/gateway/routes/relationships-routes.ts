/** Blocks and mutes, users by handle, and queries about the graph. */
import { type TArray, type TString, Type } from 'typebox';
import { notFound } from '#domain/errors.ts';
import type { UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import { canSeeUser } from '#domain/visibility.ts';
import { type Caller, defineRoute, type Route } from '#http/route.ts';
import { PATTERNS } from '#http/schema-faults.ts';
import { idListOf, userIdOf, userOf } from '../ids.ts';
import {
  Id,
  Ids,
  LimitQuery,
  ListQuery,
  NextCursor,
  Nothing,
  named,
  strictObject,
  UserParams,
  UserReference,
  Users,
} from '../schemas/common.ts';
import { type RouteDeps, usersOf } from './deps.ts';
import { idsOf, readPaginatedList } from './paginated-list.ts';

const topic = 'People';

export function usersRoutes(deps: RouteDeps): Route[] {
  return [
    ...relationshipRoutes(deps, 'block'),
    ...relationshipRoutes(deps, 'mute'),
    ...graphRoutes(deps),
    usersRoute(deps),
    lookupRoute(deps),
  ];
}

/** The routes of blocks and mutes are alike. */
function relationshipRoutes(deps: RouteDeps, kind: 'block' | 'mute'): Route[] {
  const { social } = deps.services;
  const does = { block: social.block, mute: social.mute }[kind];
  const undoes = { block: social.unblock, mute: social.unmute }[kind];
  const lists = { block: social.blocks, mute: social.mutes }[kind];
  const list: 'blocks' | 'mutes' = `${kind}s`;
  return [
    defineRoute({
      method: 'POST',
      path: `/${kind}`,
      auth: 'required',
      rateLimit: 'write',
      operationId: kind,
      tag: topic,
      summary: kind === 'block' ? 'Block somebody: hides each from the other' : 'Mute somebody',
      body: UserReference,
      response: Nothing,
      errors: ['not_found'],
      async handler({ body, caller, traceId }) {
        await does({ userId: caller.userId, other: userIdOf(body.userId), traceId });
        return {};
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: `/${kind}/{userId}`,
      auth: 'required',
      rateLimit: 'write',
      operationId: `un${kind}`,
      tag: topic,
      summary: `Take a ${kind} back`,
      params: UserParams,
      response: Nothing,
      async handler({ params, caller, traceId }) {
        await undoes({ userId: caller.userId, other: userOf(params.userId, caller), traceId });
        return {};
      },
    }),
    defineRoute({
      method: 'GET',
      path: `/me/${list}`,
      auth: 'required',
      rateLimit: 'read',
      operationId: kind === 'block' ? 'listBlocks' : 'listMutes',
      tag: topic,
      summary: `Whom you ${kind}, newest first`,
      query: ListQuery,
      response: named(kind === 'block' ? 'BlocksPage' : 'MutesPage', {
        // The path names exactly one of the two.
        ...({ [list]: Type.Array(Id) } as Record<typeof list, TArray<TString>>),
        users: Users,
        nextCursor: NextCursor,
      }),
      errors: ['invalid_cursor'],
      async handler({ query, caller: { userId } }) {
        const request = { list, subject: userId, viewer: userId, query };
        const { rows, rest } = await readPaginatedList(deps, request, (page) => lists({ userId, ...page }));
        return { ...({ [list]: idsOf(rows) } as Record<typeof list, string[]>), ...rest };
      },
    }),
  ];
}

const Suggestion = Type.Object(
  {
    userId: Id,
    mutualCount: Type.Integer({ description: 'How many whom you follow follow them.' }),
    via: Type.Array(Id, { description: 'The newest few of those.' }),
  },
  { additionalProperties: false, title: 'Suggestion' },
);

function graphRoutes(deps: RouteDeps): Route[] {
  const { social } = deps.services;
  /** A response of users by id, under one field. */
  const namedUsers = async (caller: Caller, userIds: UserId[]) => ({
    ids: userIds.map(String),
    users: await usersOf(deps, caller.userId, userIds),
  });
  return [
    defineRoute({
      method: 'GET',
      path: '/me/suggestions',
      auth: 'required',
      rateLimit: 'read',
      weight: { firstPage: 3, laterPage: 3 },
      operationId: 'listSuggestions',
      tag: topic,
      summary: 'People you may know, with why',
      query: LimitQuery,
      response: named('Suggestions', { suggestions: Type.Array(Suggestion), users: Users }),
      async handler({ query, caller }) {
        const { suggestions } = await social.suggestions({ viewer: caller.userId, limit: query.limit });
        const named = suggestions.flatMap(({ userId, via }) => [userId, ...via]);
        return {
          suggestions: suggestions.map(({ userId, mutualCount, via }) => ({
            userId: String(userId),
            mutualCount,
            via: via.map(String),
          })),
          users: await usersOf(deps, caller.userId, named.slice(0, LIMITS.batch)),
        };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/{userId}/mutuals',
      auth: 'required',
      rateLimit: 'read',
      weight: { firstPage: 3, laterPage: 3 },
      operationId: 'listMutuals',
      tag: topic,
      summary: 'Whom both of you follow publicly',
      params: UserParams,
      query: LimitQuery,
      response: named('Mutuals', { mutuals: Type.Array(Id), users: Users }),
      errors: ['not_found'],
      async handler({ params, query, caller }) {
        const userId = userOf(params.userId, caller);
        const found = await social.mutuals({ userId, viewer: caller.userId, limit: query.limit });
        const { ids, users } = await namedUsers(caller, found.userIds);
        return { mutuals: ids, users };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/{userId}/followers-you-know',
      auth: 'required',
      rateLimit: 'read',
      weight: { firstPage: 3, laterPage: 3 },
      operationId: 'listFollowersYouKnow',
      tag: topic,
      summary: 'Whom you follow among their public followers',
      params: UserParams,
      query: LimitQuery,
      response: named('FollowersYouKnow', { followersYouKnow: Type.Array(Id), users: Users }),
      errors: ['not_found'],
      async handler({ params, query, caller }) {
        const userId = userOf(params.userId, caller);
        const found = await social.followersYouKnow({ userId, viewer: caller.userId, limit: query.limit });
        const { ids, users } = await namedUsers(caller, found.userIds);
        return { followersYouKnow: ids, users };
      },
    }),
  ];
}

function usersRoute(deps: RouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/users',
    auth: 'optional',
    rateLimit: 'read',
    operationId: 'listUsers',
    tag: topic,
    summary: 'People by their ids',
    description: 'Those of these users who exist and whom you may see, in the order asked for.',
    query: strictObject({ ids: Ids }),
    response: named('People', { userIds: Type.Array(Id), users: Users }),
    async handler({ query, caller }) {
      const viewer = caller?.userId ?? null;
      const asked = [...new Set(idListOf(query.ids))];
      const views = await deps.services.social.view({ viewer, userIds: asked });
      const visible = new Map(views.filter(canSeeUser).map((view) => [view.userId, view]));
      const found = asked.flatMap((userId) => visible.get(userId) ?? []);
      return { userIds: found.map(({ userId }) => String(userId)), users: deps.serializers.users(found) };
    },
  });
}

function lookupRoute({ services: { social } }: RouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/lookup',
    auth: 'optional',
    rateLimit: 'read',
    operationId: 'lookup',
    tag: topic,
    summary: 'Who has a handle, ignoring case',
    query: strictObject({ handle: Type.String({ pattern: PATTERNS.handle.pattern, examples: ['alice'] }) }),
    response: UserReference,
    errors: ['not_found'],
    async handler({ query, caller }) {
      const [found] = await social.lookup({ handles: [query.handle] });
      if (found === undefined) throw notFound();
      const viewer = caller?.userId ?? null;
      const [view] = await social.view({ viewer, userIds: [found.userId] });
      // A user still sees whom they block, but not who blocks them.
      if (view === undefined || view.blockedBy || view.state !== 'active') throw notFound();
      return { userId: String(found.userId) };
    },
  });
}
