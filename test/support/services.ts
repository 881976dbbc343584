/** Real services on stores in memory, one minter and a manual clock, for tests of everything above them. */
import type { UserId } from '#domain/ids.ts';
import type { Engagement } from '#engagement/engagement.ts';
import { createEngagementService } from '#engagement/engagement-service.ts';
import { createCachedEngagementStore } from '#engagement/stores/cached.ts';
import { createMemoryEngagementBackend } from '#engagement/stores/memory.ts';
import { createFanout } from '#fanout/fanout.ts';
import { createManualClock, type ManualClock } from '#platform/clock.ts';
import { createMinter, type Minter } from '#platform/ids/minter.ts';
import { createSeededRandom } from '#platform/random.ts';
import type { CommitFaults } from '#platform/sqlite/database.ts';
import { createSteadyClock } from '#platform/steady-clock.ts';
import { joinLogs } from '#queue/log.ts';
import { createPubSub } from '#queue/pubsub.ts';
import type { Social } from '#social/social.ts';
import { createSocialService } from '#social/social-service.ts';
import { createCachedSocialStore } from '#social/stores/cached.ts';
import { createMemorySocialBackend } from '#social/stores/memory.ts';
import { createMemoryTopListsBackend } from '#timeline/stores/memory/top-lists.ts';
import { createMemoryTopSnapshots } from '#timeline/stores/memory/top-snapshots.ts';
import { createMemoryTimelineDbBackend } from '#timeline/stores/memory.ts';
import { createTimelineService } from '#timeline/timeline-service.ts';
import { createCachedTweetsStore } from '#tweets/stores/cached.ts';
import { createMemoryTweetsBackend } from '#tweets/stores/memory.ts';
import type { Tweets } from '#tweets/tweets.ts';
import { createTweetsService } from '#tweets/tweets-service.ts';

export const T0 = Date.UTC(2026, 0, 21, 10, 24);
const traceId = '';

export type Services = ReturnType<typeof createServices>;

/** The content of the stores of facts, which outlives the processes that open them. */
export function createBackends() {
  return {
    tweets: createMemoryTweetsBackend(),
    social: createMemorySocialBackend(),
    engagement: createMemoryEngagementBackend(),
  };
}

export interface ServicesOptions {
  clock?: ManualClock;
  minter?: Minter;
  /** The content left by another process, or an earlier one. */
  backends?: ReturnType<typeof createBackends>;
  /** Faults in commits of tweets and engagement. */
  faults?: CommitFaults;
}

/** The services of facts, their log, and shorthands for what users do: {@link createActs}. */
export function createServices({
  clock = createManualClock(T0),
  minter = createMinter({ clock: createSteadyClock(clock) }),
  backends = createBackends(),
  faults,
}: ServicesOptions = {}) {
  const stores = {
    tweets: backends.tweets.open(faults),
    social: backends.social.open(),
    engagement: backends.engagement.open(faults),
  };
  const social = createSocialService({
    store: createCachedSocialStore({ store: stores.social }),
    minter,
    clock,
  });
  const tweets = createTweetsService({
    store: createCachedTweetsStore({ store: stores.tweets }),
    social,
    minter,
    clock,
  });
  const engagement = createEngagementService({
    store: createCachedEngagementStore({ store: stores.engagement }),
    tweets,
    social,
    minter,
    clock,
  });
  const log = joinLogs([stores.tweets.log, stores.social.log, stores.engagement.log]);
  const services = { clock, minter, tweets, social, engagement };
  return { ...services, stores, log, ...createActs(services) };
}

/** The real timeline service and the fan-out that delivers to it, above those services. */
export function createTimelines(
  services: Pick<Services, 'clock' | 'tweets' | 'social' | 'engagement' | 'log'>,
) {
  const pubsub = createPubSub();
  const timelines = createTimelineService({
    ...services,
    pubsub,
    timelineDb: createMemoryTimelineDbBackend().open(),
    topLists: createMemoryTopListsBackend().open(),
    topSnapshots: createMemoryTopSnapshots(services),
    random: createSeededRandom(1),
  });
  const fanout = createFanout({ ...services, pubsub, timeline: timelines.timeline });
  return { ...timelines, pubsub, fanout };
}

export interface ActsDeps {
  clock: ManualClock;
  tweets: Tweets;
  social: Social;
  engagement: Engagement;
}

/** Shorthands for what users do. A millisecond passes before each action that has an id, so that ids order them. */
export function createActs({ clock, tweets, social, engagement }: ActsDeps) {
  const tick = async () => {
    clock.advance(1);
  };
  return {
    tick,
    /** Creates users; their handles are `p` and their ids. */
    async users(...userIds: UserId[]) {
      for (const userId of userIds) {
        const handle = `p${userId}`;
        await social.createUser({ userId, handle, name: handle, time: clock.now() });
      }
    },
    ...actsOnTweets({ tweets, engagement, tick }),
    ...actsOnUsers({ social, tick }),
  };
}

interface TweetActs extends Pick<ActsDeps, 'tweets' | 'engagement'> {
  tick: () => Promise<void>;
}

function actsOnTweets({ tweets, engagement, tick }: TweetActs) {
  return {
    async post(author: UserId, content = 'hello') {
      await tick();
      const tweet = { author, content, images: [], appId: null, idempotency: null, traceId };
      return (await tweets.post(tweet)).tweetId;
    },
    async remove(author: UserId, tweetId: number) {
      await tweets.remove({ tweetId, author, by: 'author', traceId });
    },
    async like(actor: UserId, tweetId: number) {
      await tick();
      await engagement.like({ actor, tweetId, traceId });
    },
    unlike: (actor: UserId, tweetId: number) => engagement.unlike({ actor, tweetId, traceId }),
    async repost(actor: UserId, tweetId: number) {
      await tick();
      await engagement.repost({ actor, tweetId, traceId });
    },
    unrepost: (actor: UserId, tweetId: number) => engagement.unrepost({ actor, tweetId, traceId }),
    async comment(actor: UserId, tweetId: number, content = 'indeed') {
      await tick();
      const comment = { actor, tweetId, content, idempotency: null, traceId };
      return (await engagement.comment(comment)).commentId;
    },
    removeComment: (actor: UserId, tweetId: number, commentId: number) =>
      engagement.removeComment({ actor, tweetId, commentId, traceId }),
  };
}

function actsOnUsers({ social, tick }: Pick<ActsDeps, 'social'> & Pick<TweetActs, 'tick'>) {
  return {
    async follow(follower: UserId, followee: UserId, isPrivate = false) {
      await tick();
      return social.follow({ follower, followee, private: isPrivate, traceId });
    },
    unfollow: (follower: UserId, followee: UserId) => social.unfollow({ follower, followee, traceId }),
    async answer(followee: UserId, follower: UserId, approve: boolean) {
      await tick();
      await social.answerRequest({ followee, follower, approve, traceId });
    },
    protect: (userId: UserId, isProtected = true) =>
      social.setProfile({ userId, changes: { protected: isProtected }, traceId }),
    block: (userId: UserId, other: UserId) => social.block({ userId, other, traceId }),
    unblock: (userId: UserId, other: UserId) => social.unblock({ userId, other, traceId }),
    mute: (userId: UserId, other: UserId) => social.mute({ userId, other, traceId }),
    unmute: (userId: UserId, other: UserId) => social.unmute({ userId, other, traceId }),
  };
}
