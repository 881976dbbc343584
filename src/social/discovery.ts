/**
 * Questions that a graph answers, in bounded work: at most the viewer's 5,000 followees tested one by one, or a walk
 * of two hops over the newest. Private follows of anybody else are never read here, so nothing can depend on them;
 * the viewer's own may serve, as only the viewer sees what comes of it.
 */
import type { UserId } from '#domain/ids.ts';
import type { SocialDeps } from './changes.ts';
import type { Social, Suggestion } from './social.ts';
import { type Followee, RELATIONSHIP_BIT } from './social-store.ts';
import type { Viewing } from './viewing.ts';

type Discovery = Pick<Social, 'mutuals' | 'followersYouKnow' | 'suggestions'>;

/** Followees tested in one call to the store. */
const MAX_PROBED = 500;
/** The walk behind suggestions: the viewer's newest followees, and the newest that each of them follows. */
const HOP_ONE = 100;
const HOP_TWO = 100;
/** Candidates checked in one call; as many again until enough may be suggested. */
const MAX_CHECKED = 200;
const VIA_SHOWN = 3;

/** Whatever a viewer has to do with a user already, that user is no suggestion. */
const ACQUAINTED = ~RELATIONSHIP_BIT.followedBy;

export function createDiscovery({ store }: SocialDeps, { visible, mayRead }: Viewing): Discovery {
  /** The viewer's followees, newest first, that pass a test of theirs and may be seen. */
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
  /** Who of the viewer's followees follows them publicly, with the follow's id. */
  via: { userId: UserId; id: number }[];
  /** The newest of those ids. */
  newest: number;
}

/** Everybody whom these users follow publicly. */
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

/** Most ways first, then whoever was followed last; the id decides between equals so that the order is one. */
function byStrength(a: Candidate, b: Candidate): number {
  return b.via.length - a.via.length || b.newest - a.newest || a.userId - b.userId;
}

function suggestionOf({ userId, via }: Candidate): Suggestion {
  const newest = via.toSorted((a, b) => b.id - a.id).slice(0, VIA_SHOWN);
  return { userId, mutualCount: via.length, via: newest.map((step) => step.userId) };
}
