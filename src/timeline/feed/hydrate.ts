/**
 * Hydrates a skeleton: adds to each entry the tweet view, what the reader did with the tweet, and who reposted it.
 * Tweet views come from the cache where the reader is shown the same as everybody; the others are built for this
 * reader.
 */
import { unlessDown } from '#domain/errors.ts';
import type { TweetId, UserId } from '#domain/ids.ts';
import type { ProfileBasic, ViewerState } from '#domain/records.ts';
import type { Engagement } from '#engagement/engagement.ts';
import type { Social } from '#social/social.ts';
import type { FeedItem, TweetView } from '#timeline/timeline.ts';
import {
  type BuildTweetViewsDeps,
  createBuildTweetViews,
  type ReaderTweetView,
} from './build-tweet-views.ts';
import type { Author, Entry, Rule } from './entry.ts';
import type { ProfileLoader } from './profile-loader.ts';
import { type KeepTweetView, mentionedIn, type TweetViewCache } from './tweet-view-cache.ts';

export interface HydrateRequest {
  entries: readonly Entry[];
  viewer: UserId | null;
  rule: Rule;
  /** The most visible entries to return. */
  limit: number;
  /** Loads all users who are not in a cached tweet view. */
  profiles: ProfileLoader;
  /** From a cache fill that began before `profiles` loaded anything. */
  keep: KeepTweetView;
}

export interface Hydrated {
  /** The visible entries. */
  items: FeedItem[];
  /** How many entries were decided on; the rest was not needed. */
  used: number;
  /** Engagement is down: counts, previews and `viewer` are missing. */
  degraded: boolean;
  /** Social is down: what cannot be checked is left out, which is everything. */
  unchecked: boolean;
}

export type Hydrate = (request: HydrateRequest) => Promise<Hydrated>;

export interface HydrateDeps extends BuildTweetViewsDeps {
  engagement: BuildTweetViewsDeps['engagement'] & Pick<Engagement, 'viewerState'>;
  social: Pick<Social, 'blocksAndMutes'>;
  tweetViewCache: Pick<TweetViewCache, 'get'>;
}

/** In the order of the entries; undefined: nothing that this reader may be shown. */
type ReaderTweetViews = (ReaderTweetView | undefined)[];

type ViewerStates = Awaited<ReturnType<Engagement['viewerState']>>;

/** The author of a cached tweet view, to a reader with no block or mute between them. */
const LIKE_ANYBODY: Author = { protected: false, muting: false };
const NOBODY: readonly ProfileBasic[] = [];
const NONE: Pick<Hydrated, 'items' | 'used'> = { items: [], used: 0 };

export function createHydrate(deps: HydrateDeps): Hydrate {
  const { engagement, social, tweetViewCache } = deps;
  const buildTweetViews = createBuildTweetViews(deps);

  /** The cached tweet views that this reader may be shown; undefined, or an empty list, where they must be built. */
  async function cachedTweetViews(
    entries: readonly Entry[],
    viewer: UserId | null,
  ): Promise<ReaderTweetViews> {
    const kept = entries.map(({ tweetId }) => tweetViewCache.get(tweetId));
    if (viewer === null)
      return kept.map((tweetView) => tweetView && { tweetView, viewer: null, author: LIKE_ANYBODY });
    const tweetIds = kept.flatMap((tweetView) => tweetView?.tweet.id ?? []);
    if (tweetIds.length === 0) return [];
    const [blocksAndMutes, viewerState] = await Promise.all([
      unlessDown(social.blocksAndMutes({ viewer })),
      unlessDown(engagement.viewerState({ viewer, tweetIds })),
    ]);
    if (blocksAndMutes === null || viewerState === null) return [];
    const blockedOrMuted = new Set(blocksAndMutes.userIds);
    return kept.map((tweetView) => {
      if (tweetView === undefined || namesAny(tweetView, blockedOrMuted)) return undefined;
      return { tweetView, viewer: viewerStateOf(tweetView.tweet.id, viewerState), author: LIKE_ANYBODY };
    });
  }

  return async (request) => {
    const { entries, viewer, profiles, keep } = request;
    const found = await cachedTweetViews(entries, viewer);
    for (const { repostedBy } of entries) for (const userId of repostedBy) profiles.want(userId);
    const missing = entries.filter((_, i) => found[i] === undefined).map(({ tweetId }) => tweetId);
    if (missing.length === 0) {
      const checked = await unlessDown(profiles.fetch());
      return decided(request, found, { degraded: false, unchecked: checked === null });
    }
    const made = await buildTweetViews({ tweetIds: missing, viewer, profiles, keep });
    if (made.tweetViews !== null) {
      // Views were built in the order of the missing entries: each missing entry takes the next one.
      for (let i = 0, next = 0; i < entries.length; i++) found[i] ??= made.tweetViews[next++];
    }
    return decided(request, found, { degraded: made.degraded, unchecked: made.tweetViews === null });
  };
}

function decided(
  request: HydrateRequest,
  tweetViews: ReaderTweetViews,
  { degraded, unchecked }: Pick<Hydrated, 'degraded' | 'unchecked'>,
): Hydrated {
  const { items, used } = unchecked ? NONE : assemble(request, tweetViews);
  return { items, used, degraded, unchecked };
}

function namesAny({ tweet, users }: TweetView, blockedOrMuted: ReadonlySet<UserId>): boolean {
  if (blockedOrMuted.size === 0) return false;
  return (
    users.some(({ userId }) => blockedOrMuted.has(userId)) ||
    mentionedIn(tweet).some((id) => blockedOrMuted.has(id))
  );
}

function viewerStateOf(tweetId: TweetId, { liked, reposted }: ViewerStates): ViewerState {
  return { liked: liked.includes(tweetId), reposted: reposted.includes(tweetId) };
}

/** Collects visible entries until there are `limit`; `used`: how many entries were examined. */
function assemble(
  { entries, rule, limit, profiles }: HydrateRequest,
  tweetViews: ReaderTweetViews,
): Pick<Hydrated, 'items' | 'used'> {
  const items: FeedItem[] = [];
  let used = 0;
  for (; used < entries.length && items.length < limit; used++) {
    const found = tweetViews[used];
    if (found === undefined || !rule(found.author)) continue;
    const entry = entries[used]!;
    const repostedBy = visibleReposters(entry, profiles);
    if (entry.byRepost && repostedBy.length === 0) continue;
    const repostTime = repostedBy.length === 0 ? null : entry.repostTime;
    items.push({ tweetView: found.tweetView, viewer: found.viewer, repostedBy, repostTime });
  }
  return { items, used };
}

/** Without muted users: a mute covers reposts too. Only homes have reposts. */
function visibleReposters({ repostedBy }: Entry, profiles: ProfileLoader): readonly ProfileBasic[] {
  if (repostedBy.length === 0) return NOBODY;
  const users = repostedBy.map((userId) => profiles.get(userId));
  return users.filter((user) => user?.muting === false).map((user) => user!.profile);
}
