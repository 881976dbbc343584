import { requireBatch } from '#domain/batch.ts';
import { WarbleError } from '#domain/errors.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Clock } from '#platform/clock.ts';
import type { Minter } from '#platform/ids/minter.ts';
import type { Social } from '#social/social.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { Acting, Engagement, EngagementList } from './engagement.ts';
import { createCommentRules } from './engagement-comments.ts';
import { createPreviews } from './engagement-previews.ts';
import type { EngagementStore, NewAct, Undo } from './engagement-store.ts';
import { createVisibility } from './engagement-visibility.ts';

export interface EngagementDeps {
  store: EngagementStore;
  tweets: Pick<Tweets, 'get' | 'checkText' | 'writeComment' | 'removeComments'>;
  social: Pick<Social, 'visibleProfiles'>;
  minter: Pick<Minter, 'mint'>;
  clock: Clock;
}

/** Followees that a home may ask about in one call, and rows of an erasing step. */
const MOST_ACTORS = 5_000;
const ERASED_AT_ONCE = 200;

/**
 * The rules of engagement. Whether one may act is asked before the row is written, so a deletion, a block or a
 * protection can come between: then the row stands, but whatever is read afterwards is asked again and hides it.
 */
export function createEngagementService(deps: EngagementDeps): Engagement {
  const { store, tweets, social, minter, clock } = deps;
  const visibility = createVisibility({ tweets, social });

  /** Throws not_found where the actor may not read the tweet. */
  async function newAct(
    { actor, tweetId, traceId }: Acting,
    kind: 'like' | 'repost',
  ): Promise<NewAct & { protected: boolean }> {
    const { author } = await visibility.readable({ viewer: actor, tweetId });
    const { profile: head, protected: isProtected } = author;
    const id = minter.mint({ owner: actor, kind });
    return { id, tweetId, author: head.userId, actor, traceId, protected: isProtected };
  }
  const undo = ({ actor, tweetId, traceId }: Acting): Undo => ({
    actor,
    tweetId,
    traceId,
    time: clock.now(),
  });
  const list =
    <Row extends { id: number; userId: number }>(
      read: (request: { tweetId: number; before: number | null; limit: number }) => Promise<Row[]>,
    ) =>
    async ({ tweetId, viewer, before, limit }: EngagementList) => {
      await visibility.readable({ viewer, tweetId });
      return visibility.page({ viewer, before, limit, read: (place) => read({ tweetId, ...place }) });
    };

  return {
    async like(request) {
      const { protected: _, ...act } = await newAct(request, 'like');
      await store.addLike(act);
    },
    async unlike(request) {
      await store.removeLike(undo(request));
    },
    async repost(request) {
      const { protected: isProtected, ...act } = await newAct(request, 'repost');
      if (isProtected)
        throw new WarbleError('forbidden', 'Tweets of a protected account cannot be reposted.');
      await store.addRepost(act);
    },
    async unrepost(request) {
      await store.removeRepost(undo(request));
    },
    ...createCommentRules({ store, tweets, visibility, minter, clock }),

    likes: list(store.likes),
    comments: list(store.comments),
    reposts: list(store.reposts),
    ...createReading(store),
    ...createPreviews({ store, social }),
    eraseActor: ({ actor, limit, traceId }) =>
      store.eraseActor({ actor, limit: Math.min(limit, ERASED_AT_ONCE), time: clock.now(), traceId }),
  };
}

/** What other services and pages ask: straight from the store, within bounds. */
function createReading(
  store: EngagementStore,
): Pick<
  Engagement,
  'summaries' | 'acted' | 'likeCounts' | 'repostTails' | 'repostsById' | 'repostsBy' | 'standing' | 'scan'
> {
  return {
    async summaries(request) {
      requireBatch(request.tweetIds);
      return store.summaries(request);
    },
    async acted(request) {
      requireBatch(request.tweetIds);
      return store.acted(request);
    },
    async likeCounts(request) {
      requireBatch(request.tweetIds);
      return store.likeCounts(request);
    },
    async repostTails(request) {
      requireBatch(request.actors, MOST_ACTORS);
      return store.repostTails(request);
    },
    async repostsById(request) {
      requireBatch(request.repostIds);
      return store.repostsById(request);
    },
    async repostsBy(request) {
      requireBatch(request.tweetIds);
      requireBatch(request.actors, MOST_ACTORS);
      return store.repostsBy(request);
    },
    async standing(request) {
      requireBatch(request.itemIds);
      return { itemIds: await store.standing(request) };
    },
    async scan({ after, limit }) {
      const items = await store.scan({ after, limit: Math.min(limit, LIMITS.batch) });
      return { items, next: items.at(-1)?.id ?? null };
    },
  };
}
