/** Homes and fan-out on the real tweets, social and engagement services, with a manual clock, for tests. */
import assert from 'node:assert/strict';
import { WarbleError } from '#domain/errors.ts';
import type { RepostId, Snowflake, TweetId, UserId } from '#domain/ids.ts';
import { canReadUser } from '#domain/visibility.ts';
import { createEngagementService } from '#engagement/engagement-service.ts';
import { createCachedEngagementStore } from '#engagement/stores/cached.ts';
import { openSqliteEngagementStore } from '#engagement/stores/sqlite.ts';
import { TELLS_NOTHING } from '#platform/change-clock.ts';
import { createManualClock } from '#platform/clock.ts';
import { createMinter } from '#platform/ids/minter.ts';
import { createSteadyClock } from '#platform/steady-clock.ts';
import { joinLogs } from '#queue/log.ts';
import { createPubSub } from '#queue/pubsub.ts';
import type { Social } from '#social/social.ts';
import { createSocialService } from '#social/social-service.ts';
import { createCachedSocialStore } from '#social/stores/cached.ts';
import { openSqliteSocialStore } from '#social/stores/sqlite.ts';
import { createFolloweeSets } from '#timeline/home/followee-set.ts';
import type { HomeEntry } from '#timeline/home/home-entry.ts';
import { createHomes, type Homes, type HomesDeps } from '#timeline/home/homes.ts';
import { openSqliteTimelineDb } from '#timeline/stores/sqlite.ts';
import type { HomePosition } from '#timeline/timeline.ts';
import { openSqliteTweetsStore } from '#tweets/stores/sqlite.ts';
import type { Tweets } from '#tweets/tweets.ts';
import { createTweetsService } from '#tweets/tweets-service.ts';
import { createFanout, type FanoutDeps } from '../fanout.ts';

export const T0 = Date.UTC(2026, 0, 21, 10, 24);
const ANY = Number.MAX_SAFE_INTEGER;

export interface CommunityOptions
  extends Partial<Pick<HomesDeps, 'maxHomeTimelines' | 'maxHomeTimelineBytes'>> {
  fanout?: Partial<Pick<FanoutDeps, 'pushOrPull' | 'maxFollowerIds' | 'onDelivered'>>;
  /** As where social is another process: it tells of no changes. */
  isSocialElsewhere?: boolean;
}

export interface ShownPage {
  entries: HomeEntry[];
  next: HomePosition | null;
  partial: boolean;
}

type Call = (request: unknown) => Promise<unknown>;

export type Community = Awaited<ReturnType<typeof openCommunity>>;

/** Facts stay in memory throughout the test; a crash loses what homes and fan-out keep in memory. */
export async function openCommunity(options: CommunityOptions = {}) {
  const clock = createManualClock(T0);
  const minter = createMinter({ clock: createSteadyClock(clock) });
  const tweetsStore = openSqliteTweetsStore({ path: ':memory:' });
  const socialStore = openSqliteSocialStore({ path: ':memory:' });
  const engagementStore = openSqliteEngagementStore({ path: ':memory:' });
  const timelineDb = openSqliteTimelineDb({ path: ':memory:' });
  const tweets = createTweetsService({ store: tweetsStore, minter, clock });
  const social = createSocialService({
    store: createCachedSocialStore({ store: socialStore }),
    minter,
    clock,
  });
  const engagement = createEngagementService({
    store: createCachedEngagementStore({ store: engagementStore }),
    tweets,
    social,
    minter,
    clock,
  });
  const log = joinLogs([tweetsStore.log, socialStore.log, engagementStore.log]);

  /** What happens once just before or just after a call of a service, and which services are down. */
  const before = new Map<string, () => Promise<unknown>>();
  const after = new Map<string, () => Promise<unknown>>();
  const down = new Set<string>();
  const calls = new Map<string, number>();
  function watched<S extends object>(name: string, service: S): S {
    return new Proxy(service, {
      get(target, method: string) {
        const call = Reflect.get(target, method) as Call;
        return async (request: unknown) => {
          const full = `${name}.${method}`;
          calls.set(full, (calls.get(full) ?? 0) + 1);
          await once(before, full);
          if (down.has(name)) throw new WarbleError('unavailable', `${name} is down`);
          const answer = await call(request);
          await once(after, full);
          return answer;
        };
      },
    });
  }

  function start() {
    const pubsub = createPubSub();
    const deps = {
      tweets: watched('tweets', tweets),
      social: watched('social', social),
      engagement: watched('engagement', engagement),
    };
    const homes = createHomes({
      ...options,
      ...deps,
      followeeSets: createFolloweeSets({
        social: deps.social,
        changes: options.isSocialElsewhere ? TELLS_NOTHING : socialStore.changes.followees,
      }),
      timelineDb: watched('timelineDb', timelineDb),
      pubsub,
      clock,
    });
    const fanout = createFanout({ ...options.fanout, ...deps, log, timeline: homes, pubsub, clock });
    return { pubsub, homes, fanout };
  }
  let running = start();

  async function step(): Promise<boolean> {
    return running.fanout.workers[0]!.step();
  }
  async function settle(): Promise<void> {
    for (let steps = 0; await step(); steps++) assert.ok(steps < 10_000, 'fan-out never rests');
  }

  const community = {
    clock,
    tweets,
    social,
    engagement,
    timelineDb,
    log,
    before,
    after,
    down,
    calls,
    step,
    settle,
    get homes() {
      return running.homes;
    },
    get fanout() {
      return running.fanout;
    },
    get pubsub() {
      return running.pubsub;
    },
    /** The process is killed and starts again. */
    async crash(): Promise<void> {
      running = start();
      await step();
    },
    /** The process shuts down properly and starts again. */
    async restart(): Promise<void> {
      await running.homes.flush();
      running = start();
      await step();
    },
    async pass(duration_ms: number): Promise<void> {
      clock.advance(duration_ms);
    },
    async users(count: number): Promise<void> {
      for (let userId = 1; userId <= count; userId++) {
        await social.createUser({
          userId,
          handle: `p${userId}`,
          name: `User ${userId}`,
          time: clock.now(),
        });
      }
    },
    follow: (follower: UserId, followee: UserId, secretly = false) =>
      social.follow({ follower, followee, private: secretly, traceId: '' }),
    unfollow: (follower: UserId, followee: UserId) => social.unfollow({ follower, followee, traceId: '' }),
    async post(author: UserId): Promise<TweetId> {
      const nothing = { images: [], mentioned: {}, appId: null, idempotency: null, traceId: '' };
      return (await tweets.post({ author, content: 'hello', ...nothing })).tweetId;
    },
    remove: (author: UserId, tweetId: TweetId) =>
      tweets.remove({ author, tweetId, by: 'author', traceId: '' }),
    async repost(actor: UserId, tweetId: TweetId): Promise<RepostId> {
      await engagement.repost({ actor, tweetId, traceId: '' });
      const ask = { tweetIds: [tweetId], actors: [actor], through: ANY, undoneAfter: null };
      return (await engagement.repostsBy(ask))[0]!.id;
    },
    unrepost: (actor: UserId, tweetId: TweetId) => engagement.unrepost({ actor, tweetId, traceId: '' }),
    page: (request: PageRequest): Promise<ShownPage> => page(community, request),
    /** A whole home, read page by page: its tweets in order. `between` runs after every page. */
    async home(request: Omit<PageRequest, 'position'>, between?: () => Promise<unknown>): Promise<TweetId[]> {
      const shown: TweetId[] = [];
      let position: HomePosition | null = null;
      do {
        const { entries, next }: ShownPage = await page(community, { ...request, position });
        shown.push(...entries.map(({ tweetId }) => tweetId));
        position = next;
        if (position !== null) await between?.();
      } while (position !== null);
      return shown;
    },
    async close(): Promise<void> {
      for (const store of [tweetsStore, socialStore, engagementStore, timelineDb]) await store.db.close();
    },
  };
  return community;
}

async function once(hooks: Map<string, () => Promise<unknown>>, name: string): Promise<void> {
  const hook = hooks.get(name);
  hooks.delete(name);
  await hook?.();
}

export interface PageRequest {
  reader: UserId;
  own?: boolean;
  position?: HomePosition | null;
  limit?: number;
}

interface PageDeps {
  tweets: Tweets;
  social: Social;
  readonly homes: Homes;
}

/** One page as the feed makes it: candidates with a live tweet whose author the reader may read. */
async function page(community: PageDeps, request: PageRequest): Promise<ShownPage> {
  const { tweets, social, homes } = community;
  const { reader, own = false, limit = 20 } = request;
  const shown: HomeEntry[] = [];
  let position = request.position ?? null;
  let partial = false;
  for (;;) {
    const found = await homes.candidates({ reader, own, position, limit });
    partial ||= found.partial;
    const { top, began } = found;
    for (const [at, entry] of found.entries.entries()) {
      const [record] = await tweets.get({ ids: [entry.tweetId] });
      if (record === undefined) continue;
      const [author] = await social.view({ viewer: reader, userIds: [record.author] });
      if (author === undefined || !canReadUser(author, reader) || author.muting) continue;
      shown.push(entry);
      if (shown.length < limit) continue;
      const ended = found.next === null && at === found.entries.length - 1;
      const below: Snowflake = Math.abs(entry.activity);
      return { entries: shown, next: ended ? null : { top, began, below }, partial };
    }
    if (found.next === null) return { entries: shown, next: null, partial };
    position = { top, began, below: found.next };
  }
}
