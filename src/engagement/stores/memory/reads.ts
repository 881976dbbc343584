import { partitionOf } from '#domain/events.ts';
import type { TweetId, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { EngagementKind } from '#domain/names.ts';
import type { ViewerState } from '#domain/records.ts';
import type { RepostActivity, RepostTail, Summary } from '../../engagement.ts';
import type { EngagementStore, ListRead, RepostTailsRead, StoredComment } from '../../engagement-store.ts';
import { type EngagementRow, type EngagementRows, isActive, isKept } from './engagement-rows.ts';

const newestFirst = (a: EngagementRow, b: EngagementRow) => b.id - a.id;
const rowOf = ({ id, tweetId, actor }: EngagementRow) => ({ id, tweetId, userId: actor });
const activity = (row: EngagementRow): RepostActivity => ({
  ...rowOf(row),
  undoneAt: row.state === 'undone' ? row.changedAt : null,
});
const stored = (row: EngagementRow): StoredComment => ({
  ...rowOf(row),
  author: row.author,
  state: row.state as StoredComment['state'],
});

type Lists = Pick<
  EngagementStore,
  'summaries' | 'viewerState' | 'likeCounts' | 'likes' | 'comments' | 'reposts' | 'keptReposts'
>;

/** Reads of a tweet's engagement. */
export function createLists({ ofTweet, active }: EngagementRows): Lists {
  const count = (kind: EngagementKind, tweetId: TweetId) =>
    ofTweet(tweetId).filter((row) => row.kind === kind && isActive(row)).length;

  function page(
    kind: EngagementKind,
    { tweetId, before, limit }: ListRead,
    keep = isActive,
  ): EngagementRow[] {
    const found = ofTweet(tweetId).filter(
      (row) => row.kind === kind && keep(row) && (before === null || row.id < before),
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
      likes: page('like', newest).map(rowOf),
      comments: page('comment', newest).map(rowOf),
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
    likes: async (request) => page('like', request).map(rowOf),
    comments: async (request) => page('comment', request).map(rowOf),
    reposts: async (request) => page('repost', request).map(rowOf),
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
export function createLookups({ byId, ofTweet, ofActor }: EngagementRows): Lookups {
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
      const row = byId.get(commentId);
      return row?.kind === 'comment' ? stored(row) : undefined;
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
        .map(rowOf),
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
        const row = byId.get(id);
        return row !== undefined && isActive(row);
      }),
    scan: async ({ after, limit }) =>
      [...byId.values()]
        .filter((row) => row.id > after && isActive(row))
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
