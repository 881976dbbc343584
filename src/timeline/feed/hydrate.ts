/**
 * Brings a skeleton to life: for each entry the tweet view, what the reader did with it, and who reposted it. Tweet
 * views are kept ones where the reader is shown what everybody is; the others are made for this reader.
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
  /** Most visible ones. */
  limit: number;
  /** Asks for everybody who is not on a kept tweet view. */
  profiles: ProfileLoader;
  /** Of a fill that began before `profiles` asked for anybody. */
  keep: KeepTweetView;
}

export interface Hydrated {
  /** The visible ones. */
  items: FeedItem[];
  /** How many entries were decided: the rest was not needed. */
  used: number;
  /** Engagement is down: counts, previews and `viewer` are missing. */
  degraded: boolean;
  /** Social is down: what cannot be checked is left out, so nothing was put anywhere. */
  unchecked: boolean;
}

export type Hydrate = (request: HydrateRequest) => Promise<Hydrated>;

export interface HydrateDeps extends BuildTweetViewsDeps {
  engagement: BuildTweetViewsDeps['engagement'] & Pick<Engagement, 'viewerState'>;
  social: Pick<Social, 'blocksAndMutes'>;
  tweetViewCache: Pick<TweetViewCache, 'get'>;
}

/** In the order of the entries; undefined: there is nothing that this reader may be shown. */
type ReaderTweetViews = (ReaderTweetView | undefined)[];

type ViewerStates = Awaited<ReturnType<Engagement['viewerState']>>;

/** The author of a kept tweet view, to a reader who is apart from nobody on it. */
const LIKE_ANYBODY: Author = { protected: false, muting: false };
const NOBODY: readonly ProfileBasic[] = [];
const NONE: Pick<Hydrated, 'items' | 'used'> = { items: [], used: 0 };

export function createHydrate(deps: HydrateDeps): Hydrate {
  const { engagement, social, tweetViewCache } = deps;
  const buildTweetViews = createBuildTweetViews(deps);

  /**
   * Those kept tweet views that this reader is shown like everybody; undefined, or none at all, where one has to be
   * made.
   */
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
      // What was made comes in the order of what was missing: only such an entry takes the next.
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

/** The visible entries until there are `limit`, and how many were looked at. */
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

/** Muting somebody mutes their reposts; only homes have any. */
function visibleReposters({ repostedBy }: Entry, profiles: ProfileLoader): readonly ProfileBasic[] {
  if (repostedBy.length === 0) return NOBODY;
  const users = repostedBy.map((userId) => profiles.get(userId));
  return users.filter((user) => user?.muting === false).map((user) => user!.profile);
}
