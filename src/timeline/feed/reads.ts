/** The reads of the timeline service: each is a source, a rule and a page. */
import { requireBatch } from '#domain/batch.ts';
import { isWarbleError, notFound, unlessDown, WarbleError } from '#domain/errors.ts';
import type { TweetId, UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { ProfileView } from '#domain/records.ts';
import { canReadUser, canSeeUser } from '#domain/visibility.ts';
import type { Social } from '#social/social.ts';
import type { Homes } from '#timeline/home/homes.ts';
import type { FeedPage, Timeline } from '#timeline/timeline.ts';
import type { GlobalTop } from '#timeline/top/global-top.ts';
import type { OpenHomeTop } from '#timeline/top/home-top.ts';
import type { TopSnapshots } from '#timeline/top/top-snapshots.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { Author, Entry } from './entry.ts';
import { fillFeed, type PageRequest } from './feed.ts';
import { createHydrate, type HydrateDeps } from './hydrate.ts';
import { createProfileLoader } from './profile-loader.ts';
import { authorSource, homeSource, homeTopSource, topSource } from './sources.ts';
import type { TweetViewCache } from './tweet-view-cache.ts';

export type Reads = Pick<Timeline, 'home' | 'homeTop' | 'top' | 'byAuthor' | 'some' | 'tweet'>;

export interface ReadsDeps extends HydrateDeps {
  tweets: Pick<Tweets, 'get' | 'byAuthor'>;
  tweetViewCache: TweetViewCache;
  social: Pick<Social, 'view' | 'visibleProfiles' | 'blocksAndMutes'>;
  homes: Pick<Homes, 'candidates'>;
  globalTop: Pick<GlobalTop, 'newest'>;
  snapshots: Pick<TopSnapshots, 'get'>;
  openHomeTop: OpenHomeTop;
}

const anywhere = () => true;
const inHome = ({ muting }: Author) => !muting;
/** Without protected authors, even for those who may read them: the list is the same for everyone. */
const inGlobalTop = (author: Author) => !author.protected;

export function createReads(deps: ReadsDeps): Reads {
  const { tweets, social, tweetViewCache, homes, globalTop, snapshots, openHomeTop } = deps;
  const hydrate = createHydrate(deps);
  const profilesFor = (viewer: UserId | null) => createProfileLoader({ social, viewer });
  function page<E extends Entry, Position>(
    request: Omit<PageRequest<E, Position>, 'profiles' | 'keep'>,
  ): Promise<FeedPage<Position>> {
    return tweetViewCache.fill((keep) =>
      fillFeed(hydrate, { ...request, profiles: profilesFor(request.viewer), keep }),
    );
  }

  return {
    home({ reader, own, position, limit }) {
      const source = homeSource(homes, { reader, own, position });
      return unlessUnchecked(reader, page({ source, limit, viewer: reader, rule: inHome }));
    },

    homeTop({ reader, window, k, own }) {
      const opened = openHomeTop({ reader, window, own });
      return unlessUnchecked(
        reader,
        opened.then((iterator) =>
          page({ source: homeTopSource(iterator), limit: k, viewer: reader, rule: inHome }),
        ),
      );
    },

    async top({ viewer, window, position, limit }) {
      const snapshot =
        position === null ? await globalTop.newest(window) : await snapshots.get(position.snapshot);
      if (snapshot?.window !== window) {
        throw new WarbleError(
          'cursor_expired',
          'This version of the list is no longer kept; start again without a cursor.',
        );
      }
      const source = topSource(snapshot, position?.index ?? 0);
      return page({ source, limit, viewer, rule: inGlobalTop });
    },

    async byAuthor({ author, viewer, before, limit }) {
      const user = await viewOf(author, viewer);
      if (user === null) return emptyPage({ partial: true });
      if (user === undefined || !canSeeUser(user)) throw notFound();
      if (!canReadUser(user, viewer)) return emptyPage({ partial: false });
      const source = authorSource(tweets, { author, before });
      return page({ source, limit, viewer, rule: anywhere });
    },

    async some({ tweetIds, viewer }) {
      requireBatch(tweetIds, LIMITS.pageMax);
      const { items, degraded, unchecked } = await named([...new Set(tweetIds)], viewer);
      return { items, next: null, degraded, partial: unchecked };
    },

    async tweet({ tweetId, viewer }) {
      const { items, degraded, unchecked } = await named([tweetId], viewer);
      // Neither "not found" nor the tweet would be a truthful answer.
      if (unchecked)
        throw new WarbleError(
          'unavailable',
          'The server cannot check just now who may read this; try again in a moment.',
        );
      if (items.length === 0) throw notFound();
      return { items, next: null, degraded, partial: false };
    },
  };

  /** Tweets by their ids, those that the viewer may read. */
  async function named(tweetIds: TweetId[], viewer: UserId | null) {
    const entries = tweetIds.map((tweetId) => ({
      tweetId,
      repostedBy: [],
      repostTime: null,
      byRepost: false,
    }));
    const request = { entries, viewer, rule: anywhere, limit: entries.length };
    const { items, degraded, unchecked } = await tweetViewCache.fill((keep) =>
      hydrate({ ...request, profiles: profilesFor(viewer), keep }),
    );
    const missing: FeedPage<never>['degraded'] = degraded ? ['engagement'] : [];
    return { items, degraded: missing, unchecked };
  }

  /**
   * A page about a reader's followees. Where it fails because social is down, the followees are unknown and nothing is
   * left to show: the page is empty and says `partial`, as others do then. Asks social itself whether it is down, since
   * the skeleton needs other services too, and without those the failure stands.
   */
  async function unlessUnchecked<Position>(reader: UserId, asked: Promise<FeedPage<Position>>) {
    try {
      return await asked;
    } catch (error) {
      if (!isWarbleError(error, 'unavailable') || (await viewOf(reader, reader)) !== null) throw error;
      return emptyPage({ partial: true });
    }
  }

  /** Undefined: there is no such user. Null: social is down. */
  async function viewOf(userId: UserId, viewer: UserId | null): Promise<ProfileView | undefined | null> {
    const views = await unlessDown(social.view({ viewer, userIds: [userId] }));
    return views === null ? null : views[0];
  }
}

function emptyPage({ partial }: { partial: boolean }): FeedPage<never> {
  return { items: [], next: null, degraded: [], partial };
}
