/** Homes and fan-out on the real tweets, social and engagement services, with a manual clock, for tests. */
import assert from 'node:assert/strict';
import type { RepostId, Snowflake, TweetId, UserId } from '#domain/ids.ts';
import { canReadUser } from '#domain/visibility.ts';
import { TELLS_NOTHING } from '#platform/change-source.ts';
import { createPubSub } from '#queue/pubsub.ts';
import type { Social } from '#social/social.ts';
import { createServices } from '#test/support/services.ts';
import { createWatch } from '#test/support/watch.ts';
import { createFolloweeSets } from '#timeline/home/followee-set.ts';
import type { HomeEntry } from '#timeline/home/home-entry.ts';
import { createHomes, type Homes, type HomesDeps } from '#timeline/home/homes.ts';
import { createMemoryTimelineDbBackend } from '#timeline/stores/memory.ts';
import type { HomePosition } from '#timeline/timeline.ts';
import type { Tweets } from '#tweets/tweets.ts';
import { createFanout, type FanoutDeps } from '../fanout.ts';

const ANY = Number.MAX_SAFE_INTEGER;

export interface CommunityOptions
  extends Partial<Pick<HomesDeps, 'maxHomeTimelines' | 'maxHomeTimelineBytes'>> {
  fanout?: Partial<Pick<FanoutDeps, 'pushOrPull' | 'maxFollowerIds' | 'onDelivered'>>;
  /** As if social were another process: it reports no changes. */
  isSocialElsewhere?: boolean;
}

export interface ShownPage {
  entries: HomeEntry[];
  next: HomePosition | null;
  partial: boolean;
}

export type Community = ReturnType<typeof openCommunity>;

/** Facts stay in memory throughout the test; a crash loses what homes and fan-out keep in memory. */
export function openCommunity(options: CommunityOptions = {}) {
  const services = createServices();
  const { clock, tweets, social, engagement, log, stores } = services;
  const timelineDb = createMemoryTimelineDbBackend().open();
  const watch = createWatch();

  function start() {
    const pubsub = createPubSub();
    const deps = {
      tweets: watch.over('tweets', tweets),
      social: watch.over('social', social),
      engagement: watch.over('engagement', engagement),
    };
    const homes = createHomes({
      ...options,
      ...deps,
      followeeSets: createFolloweeSets({
        social: deps.social,
        changes: options.isSocialElsewhere ? TELLS_NOTHING : stores.social.changes.followees,
      }),
      timelineDb: watch.over('timelineDb', timelineDb),
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
    ...services,
    ...watch,
    timelineDb,
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
    users: (count: number) => services.users(...Array.from({ length: count }, (_, index) => index + 1)),
    async repost(actor: UserId, tweetId: TweetId): Promise<RepostId> {
      await services.repost(actor, tweetId);
      const ask = { tweetIds: [tweetId], actors: [actor], through: ANY, undoneAfter: null };
      return (await engagement.repostsBy(ask))[0]!.id;
    },
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
  };
  return community;
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
