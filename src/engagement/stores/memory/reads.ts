import { partitionOf } from '#domain/events.ts';
import type { TweetId, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { EngagementKind } from '#domain/names.ts';
import type { ViewerState } from '#domain/records.ts';
import type { RepostActivity, RepostTail, Summary } from '../../engagement.ts';
import type { EngagementStore, ListRead, RepostTailsRead, StoredComment } from '../../engagement-store.ts';
import { type Item, type Items, isActive, isKept } from './items.ts';

const newestFirst = (a: Item, b: Item) => b.id - a.id;
const row = ({ id, tweetId, actor }: Item) => ({ id, tweetId, userId: actor });
const activity = (item: Item): RepostActivity => ({
  ...row(item),
  undoneAt: item.state === 'undone' ? item.changedAt : null,
});
const stored = (item: Item): StoredComment => ({
  ...row(item),
  author: item.author,
  state: item.state as StoredComment['state'],
});

type Lists = Pick<
  EngagementStore,
  'summaries' | 'viewerState' | 'likeCounts' | 'likes' | 'comments' | 'reposts' | 'keptReposts'
>;

/** Reads of a tweet's engagement. */
export function createLists({ ofTweet, active }: Items): Lists {
  const count = (kind: EngagementKind, tweetId: TweetId) =>
    ofTweet(tweetId).filter((item) => item.kind === kind && isActive(item)).length;

  function page(kind: EngagementKind, { tweetId, before, limit }: ListRead, keep = isActive): Item[] {
    const found = ofTweet(tweetId).filter(
      (item) => item.kind === kind && keep(item) && (before === null || item.id < before),
    );
    return found.sort(newestFirst).slice(0, limit);
  }
  const stateOf = (viewer: UserId, tweetId: TweetId): ViewerState => ({
    liked: active('like', tweetId, viewer) !== undefined,
    reposted: active('repost', tweetId, viewer) !== undefined,
  });
  function summary(viewer: UserId | null, tweetId: TweetId): Summary {
    const newest = { tweetId, before: null, limit: LIMITS.previewFetched };
    return {
      tweetId,
      likeCount: count('like', tweetId),
      commentCount: count('comment', tweetId),
      repostCount: count('repost', tweetId),
      likes: page('like', newest).map(row),
      comments: page('comment', newest).map(row),
      viewer: viewer === null ? null : stateOf(viewer, tweetId),
    };
  }

  return {
    summaries: async ({ viewer, tweetIds }) => tweetIds.map((tweetId) => summary(viewer, tweetId)),
    viewerState: async ({ viewer, tweetIds }) => ({
      liked: tweetIds.filter((tweetId) => stateOf(viewer, tweetId).liked),
      reposted: tweetIds.filter((tweetId) => stateOf(viewer, tweetId).reposted),
    }),
    likeCounts: async ({ tweetIds }) =>
      [...new Set(tweetIds)]
        .map((tweetId) => ({ tweetId, likes: count('like', tweetId) }))
        .filter(({ likes }) => likes > 0),
    likes: async (request) => page('like', request).map(row),
    comments: async (request) => page('comment', request).map(row),
    reposts: async (request) => page('repost', request).map(row),
    keptReposts: async (request) => page('repost', request, isKept).map(activity),
  };
}

type Lookups = Pick<
  EngagementStore,
  | 'comment'
  | 'unfinishedComments'
  | 'repostTails'
  | 'repostsById'
  | 'repostsBy'
  | 'active'
  | 'scan'
  | 'tweetIds'
>;

/** Reads by actor, by id, or in the order of ids. */
export function createLookups({ byId, ofTweet, ofActor }: Items): Lookups {
  function tail(actor: UserId, request: RepostTailsRead): RepostTail[] {
    const { before, atLeast, afterPositions, limit } = request;
    const after = afterPositions?.[partitionOf(actor)] ?? 0;
    const found = ofActor(actor).filter(({ kind, state, id, position }) => {
      const isThere = kind === 'repost' && state === 'active' && position > after;
      return isThere && id >= atLeast && (before === null || id < before);
    });
    if (found.length === 0) return [];
    const newest = found.sort(newestFirst).slice(0, limit);
    const reposts = newest.map(({ id, tweetId }) => ({ id, tweetId }));
    return [{ actor, reposts, truncated: found.length > limit }];
  }

  return {
    comment: async ({ commentId }) => {
      const item = byId.get(commentId);
      return item?.kind === 'comment' ? stored(item) : undefined;
    },
    unfinishedComments: async ({ before, limit }) =>
      [...byId.values()]
        .filter(({ state, changedAt }) => (state === 'pending' || state === 'deleting') && changedAt < before)
        .sort((a, b) => a.changedAt - b.changedAt || a.id - b.id)
        .slice(0, limit)
        .map(stored),
    repostTails: async (request) => request.actors.flatMap((actor) => tail(actor, request)),
    repostsById: async ({ repostIds }) =>
      [...new Set(repostIds)]
        .flatMap((id) => byId.get(id) ?? [])
        .filter(({ kind, state }) => kind === 'repost' && state === 'active')
        .map(row),
    async repostsBy({ tweetIds, actors, through, undoneAfter }) {
      const users = new Set(actors);
      const reposts = [...new Set(tweetIds)]
        .flatMap(ofTweet)
        .filter(({ kind, id, actor, state, changedAt }) => {
          if (kind !== 'repost' || id > through || !users.has(actor)) return false;
          return state === 'active' || (undoneAfter !== null && changedAt > undoneAfter);
        });
      return reposts.sort(newestFirst).map(activity);
    },
    active: async ({ ids }) =>
      ids.filter((id) => {
        const item = byId.get(id);
        return item !== undefined && isActive(item);
      }),
    scan: async ({ after, limit }) =>
      [...byId.values()]
        .filter((item) => item.id > after && isActive(item))
        .sort((a, b) => a.id - b.id)
        .slice(0, limit)
        .map(({ kind, id, tweetId, author, actor }) => ({ kind, id, tweetId, author, actor })),
    tweetIds: async ({ after, limit }) =>
      [...new Set([...byId.values()].filter(isKept).map(({ tweetId }) => tweetId))]
        .filter((tweetId) => tweetId > after)
        .sort((a, b) => a - b)
        .slice(0, limit),
  };
}
