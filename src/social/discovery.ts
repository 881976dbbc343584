/**
 * Mutual followers, followers you know, and suggestions, in bounded work: at most a test of each of the viewer's 5,000
 * followees, or two hops from the newest of them. Private follows of other users are never read here, so no answer can
 * depend on them. The viewer's own are used, as only the viewer sees the answer.
 */
import type { UserId } from '#domain/ids.ts';
import type { SocialDeps } from './changes.ts';
import type { Social, Suggestion } from './social.ts';
import { type Followee, RELATIONSHIP_BIT } from './social-store.ts';
import type { Viewing } from './viewing.ts';

type Discovery = Pick<Social, 'mutuals' | 'followersYouKnow' | 'suggestions'>;

/** Followees tested in one call of the store. */
const MAX_PROBED = 500;
/** Bounds of suggestions: the viewer's newest followees, and the newest followees of each. */
const HOP_ONE = 100;
const HOP_TWO = 100;
/** Candidates checked in one call; more follow until there are enough suggestions. */
const MAX_CHECKED = 200;
const VIA_SHOWN = 3;

/** A user with any of these relationships with the viewer is not suggested. */
const ACQUAINTED = ~RELATIONSHIP_BIT.followedBy;

export function createDiscovery({ store }: SocialDeps, { visible, mayRead }: Viewing): Discovery {
  /** The viewer's followees that pass a test and may be seen, newest first. */
  async function firstOf(
    request: { viewer: UserId; limit: number; among: readonly Followee[] },
    test: (ids: UserId[]) => Promise<Set<UserId>>,
  ): Promise<{ userIds: UserId[] }> {
    const { viewer, limit, among } = request;
    const found: UserId[] = [];
    for (let at = 0; at < among.length && found.length < limit; at += MAX_PROBED) {
      const ids = among.slice(at, at + MAX_PROBED).map((followee) => followee.userId);
      const passed = await test(ids);
      found.push(
        ...(await visible(
          viewer,
          ids.filter((id) => passed.has(id)),
        )),
      );
    }
    return { userIds: found.slice(0, limit) };
  }

  return {
    async mutuals({ userId, viewer, limit }) {
      if (!(await mayRead(viewer, userId))) return { userIds: [] };
      const among = (await store.followees(viewer)).filter((followee) => !followee.private);
      return firstOf({ viewer, limit, among }, async (ids) => {
        const edges = await store.publicFollows(ids.map((followee) => ({ follower: userId, followee })));
        return new Set(edges.map((edge) => edge.followee));
      });
    },

    async followersYouKnow({ userId, viewer, limit }) {
      if (!(await mayRead(viewer, userId))) return { userIds: [] };
      const among = await store.followees(viewer);
      return firstOf({ viewer, limit, among }, async (ids) => {
        const edges = await store.publicFollows(ids.map((follower) => ({ follower, followee: userId })));
        return new Set(edges.map((edge) => edge.follower));
      });
    },

    async suggestions({ viewer, limit }) {
      const known = (await store.followees(viewer)).slice(0, HOP_ONE).map((followee) => followee.userId);
      const candidates = await walk(store, known);
      candidates.delete(viewer);
      const ranked = [...candidates.values()].sort(byStrength);
      const suggestions: Suggestion[] = [];
      for (let at = 0; at < ranked.length && suggestions.length < limit; at += MAX_CHECKED) {
        const some = ranked.slice(at, at + MAX_CHECKED);
        const ids = some.map((candidate) => candidate.userId);
        const relationshipBits = await store.relationshipBits({ viewer, others: ids });
        const active = new Set(await visible(viewer, ids));
        const fit = some.filter(
          ({ userId }, index) => active.has(userId) && ((relationshipBits[index] ?? 0) & ACQUAINTED) === 0,
        );
        suggestions.push(...fit.map(suggestionOf));
      }
      return { suggestions: suggestions.slice(0, limit) };
    },
  };
}

interface Candidate {
  userId: UserId;
  /** Which of the viewer's followees follow the candidate publicly, with the id of the follow. */
  via: { userId: UserId; id: number }[];
  /** The newest of those ids. */
  newest: number;
}

/** All users whom these users follow publicly. */
async function walk(store: SocialDeps['store'], known: readonly UserId[]): Promise<Map<UserId, Candidate>> {
  const candidates = new Map<UserId, Candidate>();
  for (const follower of known) {
    const rows = await store.list({ kind: 'following', userId: follower, before: null, limit: HOP_TWO });
    for (const { userId, id } of rows) {
      const candidate = candidates.get(userId) ?? { userId, via: [], newest: 0 };
      candidate.via.push({ userId: follower, id });
      candidate.newest = Math.max(candidate.newest, id);
      candidates.set(userId, candidate);
    }
  }
  return candidates;
}

/** Most mutual followees first, then the one followed last; the id breaks ties, so that the order is total. */
function byStrength(a: Candidate, b: Candidate): number {
  return b.via.length - a.via.length || b.newest - a.newest || a.userId - b.userId;
}

function suggestionOf({ userId, via }: Candidate): Suggestion {
  const newest = via.toSorted((a, b) => b.id - a.id).slice(0, VIA_SHOWN);
  return { userId, mutualCount: via.length, via: newest.map((step) => step.userId) };
}
