/** Lists of tweets over a small world, with a home whose skeleton the test sets up. */
import type { TweetId, UserId } from '#domain/ids.ts';
import { TELLS_NOTHING } from '#platform/change-source.ts';
import { createManualClock, type ManualClock } from '#platform/clock.ts';
import { createReads, type Reads } from '#timeline/feed/reads.ts';
import type { HomeEntry } from '#timeline/home/home-entry.ts';
import type { FeedPage, HomePosition, TopPosition } from '#timeline/timeline.ts';
import { createTweetViewCache, type TweetViewChanges } from '../feed/tweet-view-cache.ts';
import { createMemoryTopSnapshots } from '../stores/memory/top-snapshots.ts';
import { createWorld, type World } from './world.ts';

export const [ANN, BEN, CAT, DAN] = [1, 2, 3, 4] as const;
export const NOBODY = null;

/** Every list must be the same with cached tweet views and without. */
export const TWEET_VIEW_CHANGES: [string, (world: World) => TweetViewChanges][] = [
  ['from kept tweet views', ({ changes }) => changes],
  ['where none are kept', () => [TELLS_NOTHING]],
];

export interface Lists {
  clock: ManualClock;
  world: World;
  reads: Reads;
  /** Ann's home. */
  skeleton: {
    /** What homes would return, newest first. */
    entries: HomeEntry[];
    /** How often candidates were requested. */
    rounds: number;
    /** Awaited before there are candidates, as the followees are in a real home; may fail. */
    ready: () => Promise<unknown>;
  };
  posted(author: UserId): Promise<TweetId>;
  reposted(tweetId: TweetId, ...repostedBy: UserId[]): void;
  home(position?: HomePosition | null, limit?: number): Promise<FeedPage<HomePosition>>;
  homePages(limit: number): Promise<FeedPage<HomePosition>[]>;
  listTop(tweetIds: TweetId[], id?: string): Promise<void>;
  top(viewer: UserId | null, position?: TopPosition | null, limit?: number): Promise<FeedPage<TopPosition>>;
}

export async function createLists(changesFor: (world: World) => TweetViewChanges): Promise<Lists> {
  const clock = createManualClock(1_800_000_000_000);
  const world = createWorld(clock);
  await world.users(ANN, BEN, CAT, DAN);
  const snapshots = createMemoryTopSnapshots({ clock });
  const skeleton: Lists['skeleton'] = { entries: [], rounds: 0, ready: async () => {} };
  const reads = createReads({
    ...world,
    tweetViewCache: createTweetViewCache({ changes: changesFor(world) }),
    snapshots,
    globalTop: { newest: async (window) => (await snapshots.newest(window))! },
    homes: {
      async candidates({ position, limit }) {
        await skeleton.ready();
        skeleton.rounds++;
        const { entries: all } = skeleton;
        const top = position?.top ?? Math.abs(all[0]?.activity ?? 0);
        const below = all.filter(({ activity }) => position === null || Math.abs(activity) < position.below);
        const entries = below.slice(0, limit);
        const next = below.length > limit ? Math.abs(entries.at(-1)!.activity) : null;
        return { entries, top, began: position?.began ?? 5, next, partial: false };
      },
    },
    async openHomeTop({ window }) {
      await skeleton.ready();
      const tweetIds = [...(await snapshots.newest(window))!.tweetIds];
      return { partial: false, take: async (count) => tweetIds.splice(0, count) };
    },
  });
  const home: Lists['home'] = (position = null, limit = 20) =>
    reads.home({ reader: ANN, own: false, position, limit });

  return {
    clock,
    world,
    reads,
    skeleton,
    home,
    async posted(author) {
      const tweetId = await world.post(author);
      skeleton.entries.unshift({
        activity: tweetId,
        actor: author,
        tweetId,
        repostedBy: [],
        repostTime: null,
      });
      return tweetId;
    },
    reposted(tweetId, ...repostedBy) {
      const others = skeleton.entries.filter((entry) => entry.tweetId !== tweetId);
      const [actor] = repostedBy as [UserId];
      const activity = -world.minter.mint({ owner: actor, kind: 'repost' });
      skeleton.entries = [{ activity, actor, tweetId, repostedBy, repostTime: clock.now() }, ...others];
    },
    async homePages(limit) {
      const pages: FeedPage<HomePosition>[] = [];
      for (let position: HomePosition | null = null; ; ) {
        const page = await home(position, limit);
        pages.push(page);
        position = page.next;
        if (position === null) return pages;
      }
    },
    listTop: (tweetIds, id = 's1') => snapshots.put({ id, window: 'all', tweetIds, partial: false }),
    top: (viewer, position = null, limit = 20) => reads.top({ viewer, window: 'all', position, limit }),
  };
}

export function idsOf(page: FeedPage<unknown>): TweetId[] {
  return page.items.map(({ tweetView }) => tweetView.tweet.id);
}

/** All users named on a page. */
export function namesOf(page: FeedPage<unknown>): UserId[] {
  const named = page.items.flatMap(({ tweetView, repostedBy }) => [...tweetView.users, ...repostedBy]);
  return [...new Set(named.map(({ userId }) => userId))].sort();
}
