/** Pages of tweets: homes, top lists, and a user's tweets. */
import type { Static } from 'typebox';
import { pointerTo, WarbleError } from '#domain/errors.ts';
import { LIMITS } from '#domain/limits.ts';
import { openBefore, type Position, sealNext } from '#http/cursors.ts';
import { type Caller, defineRoute, type RawJson, type Route } from '#http/route.ts';
import type { HomePosition, TopPosition } from '#timeline/timeline.ts';
import { scopeOf } from '../cursor-scopes.ts';
import { idListOf, selfOf, userOf } from '../ids.ts';
import { UserParams } from '../schemas/common.ts';
import { TweetPage, TweetsQuery, UserTweetsQuery } from '../schemas/tweets.ts';
import type { RouteDeps } from './deps.ts';

const topic = 'Feeds';

export function feedsRoutes(deps: RouteDeps): Route[] {
  return [topRoute(deps), userTweetsRoute(deps)];
}

function topRoute({ services: { timeline }, cursors, serializers }: RouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/tweets',
    auth: 'optional',
    rateLimit: 'read',
    operationId: 'listTopTweets',
    tag: topic,
    summary: 'The most popular tweets of all; with ids, the tweets of these ids',
    description:
      "By likes, then the author's public followers, then newest first. With `ids`: those of these tweets that exist " +
      'and that you may see, in the order asked for.',
    query: TweetsQuery,
    response: TweetPage,
    errors: ['invalid_cursor', 'cursor_expired'],
    async handler({ query, caller }) {
      const viewer = caller?.userId ?? null;
      if (query.ids !== undefined) {
        refuseOthers(query, ['ids'], 'no ids');
        return serializers.feed(await timeline.some({ tweetIds: idListOf(query.ids), viewer }), null);
      }
      const { window = 'all', cursor, limit = LIMITS.pageDefault } = query;
      const scope = scopeOf('top', 0, viewer, window);
      const position = cursor === undefined ? null : topPositionOf(cursors.open(scope, cursor));
      const page = await timeline.top({ viewer, window, position, limit });
      const next = page.next === null ? null : cursors.seal(scope, [page.next.snapshot, page.next.index]);
      return serializers.feed(page, next);
    },
  });
}

function topPositionOf([snapshot, index]: Position): TopPosition {
  return { snapshot: snapshot as string, index: index as number };
}

type UserTweets = Static<typeof UserTweetsQuery>;

/** The parameters of each of the three lists under this path. */
const OF_AUTHOR: (keyof UserTweets)[] = ['followed', 'cursor', 'limit'];
const OF_HOME: (keyof UserTweets)[] = ['followed', 'own', 'cursor', 'limit'];
const OF_HOME_TOP: (keyof UserTweets)[] = ['followed', 'order', 'window', 'k'];

function userTweetsRoute(deps: RouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/{userId}/tweets',
    auth: 'optional',
    rateLimit: 'read',
    weight: { firstPage: 1, laterPage: 2 },
    operationId: 'listTweets',
    tag: topic,
    summary: "Somebody's tweets; with followed=true the home feed, with order=top its most popular",
    description:
      "Without `followed`: that user's own tweets, newest first. `followed=true` (for oneself, signed in): the " +
      'tweets and reposts of those you follow, with `own=true` yours too. `followed=true&order=top`: the top `k` of ' +
      'all that they posted in the `window`.',
    params: UserParams,
    query: UserTweetsQuery,
    response: TweetPage,
    errors: ['invalid_cursor', 'forbidden', 'not_found'],
    async handler({ params, query, caller }) {
      if (query.followed !== true) {
        refuseOthers(query, OF_AUTHOR, 'followed=true');
        return await authorPage(deps, params.userId, query, caller);
      }
      if (caller === null) throw new WarbleError('unauthenticated', 'Sign in to read your home feed.');
      selfOf(params.userId, caller);
      if (query.order === undefined) {
        refuseOthers(query, OF_HOME, 'order=top');
        return await homePage(deps, query, caller);
      }
      refuseOthers(query, OF_HOME_TOP, 'no order');
      const { window = 'all', k = LIMITS.topDefault } = query;
      const page = await deps.services.timeline.homeTop({ reader: caller.userId, window, k, own: false });
      return deps.serializers.feed(page, null);
    },
  });
}

/** Refuses, by name, a parameter of another list. */
function refuseOthers<Query extends object>(query: Query, taken: (keyof Query)[], belongs: string): void {
  const names = Object.keys(query) as (keyof Query & string)[];
  const errors = names
    .filter((name) => !taken.includes(name))
    .map((name) => ({ pointer: pointerTo('query', name), detail: `is only for the list with ${belongs}` }));
  if (errors.length === 0) return;
  throw new WarbleError('invalid_request', 'These parameters do not go together.', { errors });
}

async function authorPage(
  { services, cursors, serializers }: RouteDeps,
  user: string,
  { cursor, limit = LIMITS.pageDefault }: UserTweets,
  caller: Caller | null,
): Promise<RawJson<Static<typeof TweetPage>>> {
  const author = userOf(user, caller);
  const viewer = caller?.userId ?? null;
  const scope = scopeOf('tweets', author, viewer);
  const before = openBefore(cursors, scope, cursor);
  const page = await services.timeline.byAuthor({ author, viewer, before, limit });
  return serializers.feed(page, sealNext(cursors, scope, page.next));
}

async function homePage(
  { services, cursors, serializers }: RouteDeps,
  { own = false, cursor, limit = LIMITS.pageDefault }: UserTweets,
  { userId }: Caller,
): Promise<RawJson<Static<typeof TweetPage>>> {
  const scope = scopeOf('home', userId, userId, own ? 'own' : '');
  const position = cursor === undefined ? null : homePositionOf(cursors.open(scope, cursor));
  const page = await services.timeline.home({ reader: userId, own, position, limit });
  const { next } = page;
  return serializers.feed(
    page,
    next === null ? null : cursors.seal(scope, [next.top, next.below, next.began]),
  );
}

function homePositionOf([top, below, began]: Position): HomePosition {
  return { top: top as number, below: below as number, began: began as number };
}
