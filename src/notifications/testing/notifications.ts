/** The notifications service on the real tweets, social and engagement services, one minter and a manual clock. */
import assert from 'node:assert/strict';
import type { AccountNotice } from '#accounts/accounts.ts';
import type { UserId } from '#domain/ids.ts';
import type { AccountNoticeType } from '#domain/names.ts';
import { createEngagementService } from '#engagement/engagement-service.ts';
import { openSqliteEngagementStore } from '#engagement/stores/sqlite.ts';
import { createManualClock } from '#platform/clock.ts';
import { createMinter } from '#platform/ids/minter.ts';
import { createSteadyClock } from '#platform/steady-clock.ts';
import type { Worker } from '#platform/worker.ts';
import { joinLogs } from '#queue/log.ts';
import { createPubSub } from '#queue/pubsub.ts';
import type { Social } from '#social/social.ts';
import { createSocialService } from '#social/social-service.ts';
import { openSqliteSocialStore } from '#social/stores/sqlite.ts';
import type { Timeline } from '#timeline/timeline.ts';
import { openSqliteTweetsStore } from '#tweets/stores/sqlite.ts';
import type { Tweets } from '#tweets/tweets.ts';
import { createTweetsService } from '#tweets/tweets-service.ts';
import type { AccountNotices, NotificationView } from '../notifications.ts';
import { createNotificationsService, type NotificationsDeps } from '../notifications-service.ts';
import type { Notification, NotificationsPatch, NotificationsStore } from '../notifications-store.ts';
import { openSqliteNotificationsStore } from '../stores/sqlite.ts';

const T0 = Date.UTC(2026, 0, 21, 10, 24);
const MAX_STEPS = 10_000;
const traceId = '';

export type Facts = Awaited<ReturnType<typeof createFacts>>;

/** Everything below notifications: what users do, and the log of it. */
export async function createFacts() {
  const clock = createManualClock(T0);
  const minter = createMinter({ clock: createSteadyClock(clock) });
  const tweetsStore = openSqliteTweetsStore({ path: ':memory:' });
  const socialStore = openSqliteSocialStore({ path: ':memory:' });
  const engagementStore = openSqliteEngagementStore({ path: ':memory:' });
  const tweets = createTweetsService({ store: tweetsStore, minter, clock });
  const social = createSocialService({ store: socialStore, minter, clock });
  const engagement = createEngagementService({ store: engagementStore, tweets, social, minter, clock });
  const log = joinLogs([tweetsStore.log, socialStore.log, engagementStore.log]);
  const timeline = plainTimeline({ tweets, social });
  const mentioned: Record<string, UserId> = {};
  /** A millisecond goes by before each act, so that ids tell them apart. */
  const tick = async () => {
    clock.advance(1);
  };
  return {
    clock,
    minter,
    tweets,
    social,
    engagement,
    log,
    timeline,
    tick,
    /** Makes users known; their handles are `p` and their ids. */
    async users(...userIds: UserId[]) {
      for (const userId of userIds) {
        const handle = `p${userId}`;
        mentioned[handle] = userId;
        await social.createUser({ userId, handle, name: handle, time: clock.now() });
      }
    },
    async post(author: UserId, content = 'hello') {
      await tick();
      const tweet = { author, content, images: [], mentioned, appId: null, idempotency: null, traceId };
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
      const comment = { actor, tweetId, content, mentioned, idempotency: null, traceId };
      return (await engagement.comment(comment)).commentId;
    },
    removeComment: (actor: UserId, tweetId: number, commentId: number) =>
      engagement.removeComment({ actor, tweetId, commentId, traceId }),
    async follow(follower: UserId, followee: UserId, isPrivate = false) {
      await tick();
      return social.follow({ follower, followee, private: isPrivate, traceId });
    },
    unfollow: (follower: UserId, followee: UserId) => social.unfollow({ follower, followee, traceId }),
    async answer(userId: UserId, follower: UserId, approve: boolean) {
      await tick();
      await social.answerRequest({ followee: userId, follower, approve, traceId });
    },
    protect: (userId: UserId, isProtected = true) =>
      social.setProfile({ userId, changes: { protected: isProtected }, traceId }),
    block: (userId: UserId, other: UserId) => social.block({ userId, other, traceId }),
    unblock: (userId: UserId, other: UserId) => social.unblock({ userId, other, traceId }),
    mute: (userId: UserId, other: UserId) => social.mute({ userId, other, traceId }),
    unmute: (userId: UserId, other: UserId) => social.unmute({ userId, other, traceId }),
    async close() {
      for (const { db } of [tweetsStore, socialStore, engagementStore]) await db.close();
    },
  };
}

/** What a home holds, read from the facts themselves: the tweets of those followed and not muted, since the follow. */
function plainTimeline({
  tweets,
  social,
}: {
  tweets: Tweets;
  social: Social;
}): Pick<Timeline, 'newTweetsSince'> {
  return {
    async newTweetsSince({ reader, after, limit }) {
      const { followees } = await social.followeesOf({ follower: reader });
      const activities: { tweetId: number; actor: UserId }[] = [];
      for (const { userId, id: since, muted } of followees) {
        if (muted) continue;
        const { ids } = await tweets.byAuthor({ author: userId, before: null, limit: 100 });
        for (const tweetId of ids) {
          if (tweetId > Math.max(after, since)) activities.push({ tweetId, actor: userId });
        }
      }
      activities.sort((a, b) => b.tweetId - a.tweetId);
      return { activities: activities.slice(0, limit), partial: false };
    },
  };
}

/** Notices of a user's account, kept as they were given. */
function plainAccounts({ minter, tick }: Pick<Facts, 'minter' | 'tick'>) {
  const all: (AccountNotice & { userId: UserId })[] = [];
  const notices: AccountNotices['notices'] = async ({ userId, after }) =>
    all
      .filter((each) => each.userId === userId && each.id > after)
      .map(({ id, type }) => ({ id, type }))
      .toReversed();
  return {
    notices,
    async notice(userId: UserId, type: AccountNoticeType) {
      await tick();
      const id = minter.mint({ owner: userId, kind: 'account' });
      all.push({ userId, id, type });
      return id;
    },
  };
}

export type World = Awaited<ReturnType<typeof createWorld>>;

export interface WorldOptions {
  store?: NotificationsStore;
  /** Services to be used in the place of the real ones. */
  instead?: Partial<NotificationsDeps>;
}

/** A whole service; `settle` lets it catch up with what users did. */
export async function createWorld({ store, instead = {} }: WorldOptions = {}) {
  const facts = await createFacts();
  const own = store ?? openSqliteNotificationsStore({ path: ':memory:' });
  const pubsub = createPubSub();
  const accounts = plainAccounts(facts);
  const service = createNotificationsService({ ...facts, store: own, pubsub, accounts, ...instead });
  const { notifications } = service;
  return {
    ...facts,
    ...service,
    store: own,
    pubsub,
    notice: accounts.notice,
    settle: () => drain(service.workers),
    /** All that somebody has, as the first page of their list says it. */
    async headlines(userId: UserId): Promise<string[]> {
      const page = await notifications.list({ userId, before: null, limit: 100 });
      return page.notifications.map(headline);
    },
    unread: async (userId: UserId) => (await notifications.unread({ userId })).unread,
    /** Reads everything that somebody has. */
    async readAll(userId: UserId) {
      const page = await notifications.list({ userId, before: null, limit: 1 });
      await notifications.markRead({ userId, upTo: page.notifications[0]?.id ?? 1 });
    },
  };
}

/** Tells somebody of something in a commit of its own, as another partition's fold would. */
export async function notify(world: Pick<World, 'store'>, notification: Notification): Promise<void> {
  const partition = 15;
  const { epoch, live } = await world.store.views.claim(partition);
  const patch: NotificationsPatch = {
    changes: [{ change: 'add', notification }],
    bellJobs: [],
    scanned: false,
  };
  const { generation, positions } = live;
  const commit = { partition, epoch, generation, expected: positions, next: positions, patch };
  assert.ok(await world.store.views.commit(commit));
}

/** Runs workers until none has anything to do. */
export async function drain(workers: readonly Worker[]): Promise<void> {
  for (let step = 0; step < MAX_STEPS; step++) {
    let more = false;
    for (const worker of workers) more = (await worker.step()) || more;
    if (!more) return;
  }
  throw new Error(`The workers were not idle after ${MAX_STEPS} steps.`);
}

/** `like 3,2 (2)`: the type, the actors, how many; with `*` while it is unread. */
export function headline({ type, actors, actorCount, read }: NotificationView): string {
  return `${type} ${actors.join()} (${actorCount})${read ? '' : '*'}`;
}

/** Runs a test in a world of its own. */
export async function inWorld(
  users: readonly UserId[],
  body: (world: World) => Promise<void>,
  options?: WorldOptions,
) {
  const world = await createWorld(options);
  try {
    await world.users(...users);
    await body(world);
  } finally {
    await world.close();
  }
}
