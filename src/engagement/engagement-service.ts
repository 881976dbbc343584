import { requireBatch } from '#domain/batch.ts';
import { WarbleError } from '#domain/errors.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Clock } from '#platform/clock.ts';
import type { Minter } from '#platform/ids/minter.ts';
import type { Social } from '#social/social.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { Engagement, EngagementList, EngagementRequest } from './engagement.ts';
import { createCommentRules } from './engagement-comments.ts';
import { createPreviews } from './engagement-previews.ts';
import type { EngagementRemoval, EngagementStore } from './engagement-store.ts';
import { createVisibility } from './engagement-visibility.ts';

export interface EngagementDeps {
  store: EngagementStore;
  tweets: Pick<Tweets, 'get' | 'parseText' | 'writeComment' | 'removeComments'>;
  social: Pick<Social, 'visibleProfiles'>;
  minter: Pick<Minter, 'mint'>;
  clock: Clock;
}

/** At most so many followees in one call for a home, and so many rows in one step of an erasure. */
const MAX_ACTORS = 5_000;
const MAX_ERASED = 200;

/**
 * The rules of engagement. Permission is checked before the row is written, so a deletion, a block or a protection can
 * come between the two. The row is then kept, but every later read checks again and hides it.
 */
export function createEngagementService(deps: EngagementDeps): Engagement {
  const { store, tweets, social, minter, clock } = deps;
  const visibility = createVisibility({ tweets, social });

  /** Throws not_found where the actor may not read the tweet. */
  async function newEngagement(request: EngagementRequest, kind: 'like' | 'repost') {
    const { actor, tweetId } = request;
    const { author } = await visibility.readable({ viewer: actor, tweetId });
    const id = minter.mint({ owner: actor, kind });
    return { engagement: { ...request, id, author: author.profile.userId }, isProtected: author.protected };
  }
  const removalOf = (request: EngagementRequest): EngagementRemoval => ({ ...request, time: clock.now() });
  const list =
    <Row extends { id: number; userId: number }>(
      read: (request: { tweetId: number; before: number | null; limit: number }) => Promise<Row[]>,
    ) =>
    async ({ tweetId, viewer, before, limit }: EngagementList) => {
      await visibility.readable({ viewer, tweetId });
      return visibility.page({ viewer, before, limit, read: (position) => read({ tweetId, ...position }) });
    };

  return {
    async like(request) {
      const { engagement } = await newEngagement(request, 'like');
      await store.addLike(engagement);
    },
    async unlike(request) {
      await store.removeLike(removalOf(request));
    },
    async repost(request) {
      const { engagement, isProtected } = await newEngagement(request, 'repost');
      if (isProtected)
        throw new WarbleError('forbidden', 'Tweets of a protected account cannot be reposted.');
      await store.addRepost(engagement);
    },
    async unrepost(request) {
      await store.removeRepost(removalOf(request));
    },
    ...createCommentRules({ store, tweets, visibility, minter, clock }),

    likes: list(store.likes),
    comments: list(store.comments),
    reposts: list(store.reposts),
    ...createReading(store),
    ...createPreviews({ store, social }),
    eraseActor: ({ actor, limit, traceId }) =>
      store.eraseActor({ actor, limit: Math.min(limit, MAX_ERASED), time: clock.now(), traceId }),
  };
}

/** Reads for pages and other services: straight from the store, with their bounds checked. */
function createReading(
  store: EngagementStore,
): Pick<
  Engagement,
  'summaries' | 'viewerState' | 'likeCounts' | 'repostTails' | 'repostsById' | 'repostsBy' | 'active' | 'scan'
> {
  return {
    async summaries(request) {
      requireBatch(request.tweetIds);
      return store.summaries(request);
    },
    async viewerState(request) {
      requireBatch(request.tweetIds);
      return store.viewerState(request);
    },
    async likeCounts(request) {
      requireBatch(request.tweetIds);
      return store.likeCounts(request);
    },
    async repostTails(request) {
      requireBatch(request.actors, MAX_ACTORS);
      return store.repostTails(request);
    },
    async repostsById(request) {
      requireBatch(request.repostIds);
      return store.repostsById(request);
    },
    async repostsBy(request) {
      requireBatch(request.tweetIds);
      requireBatch(request.actors, MAX_ACTORS);
      return store.repostsBy(request);
    },
    async active(request) {
      requireBatch(request.ids);
      return { ids: await store.active(request) };
    },
    async scan({ after, limit }) {
      const engagements = await store.scan({ after, limit: Math.min(limit, LIMITS.batch) });
      return { engagements, next: engagements.at(-1)?.id ?? null };
    },
  };
}
