/**
 * The skeleton of a home: which tweets, in which order, each once in a pagination session.
 *
 * A tweet is shown at its newest activity that counts when the session gets there: a followee who is not muted posted
 * it, or reposts it and the reader wants that user's reposts. Going down, the session meets that activity first; its
 * memory (pagination-sessions.ts) drops the older ones. So whatever happens during a session, a tweet that it has
 * handed out never comes again, and one that it has not handed out comes at the next activity that still counts:
 * - A repost is undone before the session reaches it: the tweet comes at its next activity, further down.
 * - The repost is undone, or its actor unfollowed or muted, after the tweet was handed out: the memory drops the rest.
 * - A repost is committed, delivered or uncovered by a new follow above the session's position: the session never meets
 *   it, and the tweet comes at its older activity.
 * Where the memory is gone, facts decide for the part of the session before that: a tweet with an activity that existed
 * when the session began counts as shown, even if that was undone since.
 */
import { unlessDown } from '#domain/errors.ts';
import type { ActivityId, RepostId, TweetId, UserId } from '#domain/ids.ts';
import { snowflakeTime } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Engagement, RepostActivity } from '#engagement/engagement.ts';
import type { Clock } from '#platform/clock.ts';
import type { HomePosition } from '#timeline/timeline.ts';
import type { ActivityFact, ActivityFacts, Resolved } from './activity-facts.ts';
import type { CandidateSource } from './candidates.ts';
import type { FolloweeSets } from './followee-set.ts';
import { type Candidates, type HomeEntry, REPOSTERS_NAMED } from './home-entry.ts';
import {
  markShown,
  type PaginationSession,
  type PaginationSessions,
  wasShown,
} from './pagination-sessions.ts';

export interface Skeleton {
  candidates(request: {
    reader: UserId;
    own: boolean;
    position: HomePosition | null;
    limit: number;
  }): Promise<Candidates>;
}

export interface SkeletonDeps {
  followeeSets: FolloweeSets;
  source: CandidateSource;
  facts: ActivityFacts;
  paginationSessions: PaginationSessions;
  engagement: Pick<Engagement, 'repostsBy'>;
  clock: Clock;
  /** Called when a home is read from the top. */
  onRead: () => void;
}

/** Batches per call; where nearly everything is filtered out the caller asks again. */
const MAX_BATCHES = 8;
const MAX_BATCH = 200;

/** Activities that are looked up together, at least. */
const MIN_CHUNK = 10;

interface Taking {
  filter: ActivityFilter;
  session: PaginationSession;
  entries: HomeEntry[];
  limit: number;
}

/** Whose activities count for this reader. */
interface ActivityFilter {
  /** The users whose reposts count. */
  reposters: UserId[];
  counts(actor: UserId): boolean;
}

interface Repost {
  id: RepostId;
  userId: UserId;
  /** Not undone. Undone reposts only tell what a session has shown. */
  active: boolean;
}
/** The reposts that count, newest first, by tweet; null: engagement is down. */
type Reposts = Map<TweetId, Repost[]> | null;
const NONE: Repost[] = [];

export function createSkeleton(deps: SkeletonDeps): Skeleton {
  const { followeeSets, source, facts, paginationSessions, engagement, clock } = deps;

  async function repostsBy(
    tweetIds: TweetId[],
    actors: UserId[],
    session: PaginationSession,
  ): Promise<RepostActivity[]> {
    const through = session.top;
    const undoneAfter = session.known === Number.POSITIVE_INFINITY ? null : session.began;
    if (actors.length <= LIMITS.followees) {
      return engagement.repostsBy({ tweetIds, actors, through, undoneAfter });
    }
    // The greatest number of followees, and the reader: one more than a call takes.
    const [others, self] = [actors.slice(0, -1), actors.slice(-1)];
    const rows = await engagement.repostsBy({ tweetIds, actors: others, through, undoneAfter });
    rows.push(...(await engagement.repostsBy({ tweetIds, actors: self, through, undoneAfter })));
    return rows.sort((a, b) => b.id - a.id);
  }

  async function repostsOf(
    filter: ActivityFilter,
    session: PaginationSession,
    { facts: known }: Resolved,
  ): Promise<Reposts> {
    const tweetIds: TweetId[] = [];
    for (const fact of known) {
      if (fact !== undefined && !tweetIds.includes(fact.tweetId)) tweetIds.push(fact.tweetId);
    }
    const byTweet = new Map<TweetId, Repost[]>();
    if (tweetIds.length === 0) return byTweet;
    const rows = await unlessDown(repostsBy(tweetIds, filter.reposters, session));
    if (rows === null) return null;
    for (const { id, tweetId, userId, undoneAt } of rows) {
      const repost = { id, userId, active: undoneAt === null };
      const others = byTweet.get(tweetId);
      if (others === undefined) byTweet.set(tweetId, [repost]);
      else others.push(repost);
    }
    return byTweet;
  }

  /** The entry for an activity; null where it does not count, or its tweet was shown further up. */
  function entryOf(
    activity: ActivityId,
    { actor, tweetId }: ActivityFact,
    session: PaginationSession,
    reposts: Reposts,
  ): HomeEntry | null {
    const all = reposts?.get(tweetId) ?? NONE;
    if (activity < 0 && !all.some(({ id, active }) => active && id === -activity)) return null;
    if (wasShown(session, tweetId) || shownBefore(all, session)) return null;
    markShown(session, tweetId, Math.abs(activity));
    if (all.length === 0) return { activity, actor, tweetId, repostedBy: [], repostTime: null };
    const activeReposts = all.filter(({ active }) => active);
    return {
      activity,
      actor,
      tweetId,
      repostedBy: activeReposts.slice(0, REPOSTERS_NAMED).map(({ userId }) => userId),
      repostTime: activeReposts.length === 0 ? null : snowflakeTime(activeReposts[0]!.id),
    };
  }

  /** Adds entries until there are `limit`. `at`: how many of the activities were examined. */
  async function take(ids: readonly ActivityId[], { filter, session, entries, limit }: Taking) {
    let partial = false;
    let at = 0;
    while (at < ids.length && entries.length < limit) {
      // Batches are mostly larger than needed, since some activities are filtered out: look up only what is.
      const chunk = ids.slice(at, at + Math.max(limit - entries.length, MIN_CHUNK));
      const resolved = await facts.resolve(chunk);
      const reposts = await repostsOf(filter, session, resolved);
      partial ||= resolved.partial || reposts === null;
      for (let i = 0; i < chunk.length && entries.length < limit; i++, at++) {
        const fact = resolved.facts[i];
        if (fact === undefined || !filter.counts(fact.actor)) continue;
        const entry = entryOf(chunk[i]!, fact, session, reposts);
        if (entry !== null) entries.push(entry);
      }
    }
    return { at, partial };
  }

  return {
    async candidates({ reader, own, position, limit }) {
      const followeeSet = await followeeSets.of(reader);
      const filter: ActivityFilter = {
        reposters: own ? [...followeeSet.reposters, reader] : followeeSet.reposters,
        counts: (actor) => followeeSet.followedSince.has(actor) || (own && actor === reader),
      };
      let session = position === null ? null : paginationSessions.resume(reader, position);
      if (position === null) deps.onRead();
      const entries: HomeEntry[] = [];
      let below = position?.below ?? Number.POSITIVE_INFINITY;
      let partial = false;
      let want = limit + (limit >>> 2) + 2;
      for (let batches = 0; batches < MAX_BATCHES && below > 0 && entries.length < limit; batches++) {
        const batch = await source.next({ reader, own, followeeSet, below, want });
        session ??= paginationSessions.begin({
          top: batch.ids.length > 0 ? Math.abs(batch.ids[0]!) : 0,
          now_ms: clock.now(),
        });
        const taken = await take(batch.ids, { filter, session, entries, limit });
        partial ||= batch.partial || taken.partial;
        below = taken.at < batch.ids.length ? Math.abs(batch.ids[taken.at - 1]!) : batch.end;
        want = Math.min(want * 2, MAX_BATCH);
      }
      session ??= paginationSessions.begin({ top: 0, now_ms: clock.now() });
      if (entries.length > 0) paginationSessions.keep(reader, session);
      return { entries, top: session.top, began: session.began, next: below > 0 ? below : null, partial };
    },
  };
}

/** Whether facts say that the session showed the tweet, for the part of it that is not remembered. */
function shownBefore(reposts: Repost[], { known }: PaginationSession): boolean {
  return known !== Number.POSITIVE_INFINITY && reposts.some(({ id }) => id >= known);
}
