/** Users as one viewer may see them. */
import { requireBatch } from '#domain/batch.ts';
import { notFound } from '#domain/errors.ts';
import type { UserId } from '#domain/ids.ts';
import type { ProfileBasic, ProfileView } from '#domain/records.ts';
import { canReadUser, canSeeUser } from '#domain/visibility.ts';
import type { SocialDeps } from './changes.ts';
import type { Profile, VisibleProfile } from './social.ts';
import { RELATIONSHIP_BIT, type StoredUser } from './social-store.ts';

export interface Viewing {
  view(request: { viewer: UserId | null; userIds: readonly UserId[] }): Promise<ProfileView[]>;
  shown(request: { viewer: UserId | null; userIds: readonly UserId[] }): Promise<(VisibleProfile | null)[]>;
  profile(request: { userId: UserId; viewer: UserId | null }): Promise<Profile>;
  lookup(request: { handles: readonly string[] }): Promise<ProfileBasic[]>;
  /** Those of the ids whom the viewer may see, in the order given; `may` replaces the usual rule. */
  visible(
    viewer: UserId | null,
    userIds: readonly UserId[],
    may?: (view: ProfileView) => boolean,
  ): Promise<UserId[]>;
  /**
   * Whether the viewer may read the user, including the user's followers and followees. Throws not_found where the
   * viewer may not even see the user.
   */
  mayRead(viewer: UserId | null, userId: UserId): Promise<boolean>;
}

export function createViewing({ store }: Pick<SocialDeps, 'store'>): Viewing {
  async function view({ viewer, userIds }: { viewer: UserId | null; userIds: readonly UserId[] }) {
    requireBatch(userIds);
    const users = await store.users(userIds);
    const relationshipBits =
      viewer === null ? undefined : await store.relationshipBits({ viewer, others: userIds });
    const views: ProfileView[] = [];
    for (let i = 0; i < users.length; i++) {
      const user = users[i];
      if (user != null) views.push(viewOf(user, relationshipBits?.[i] ?? 0));
    }
    return views;
  }

  async function visible(
    viewer: UserId | null,
    userIds: readonly UserId[],
    may: (view: ProfileView) => boolean = canSeeUser,
  ) {
    const views = await view({ viewer, userIds });
    return views.filter(may).map((user) => user.userId);
  }

  /**
   * Looks up relationships only where they can matter: with users who are protected, blocked or muted, or block the
   * viewer.
   */
  async function shown({ viewer, userIds }: { viewer: UserId | null; userIds: readonly UserId[] }) {
    requireBatch(userIds);
    const users = await store.users(userIds);
    const blocksAndMutes = viewer === null ? NOBODY : await store.blocksAndMutes(viewer);
    const found: (VisibleProfile | null)[] = [];
    const unsure: number[] = [];
    for (let i = 0; i < users.length; i++) {
      const user = users[i]!;
      const bits =
        blocksAndMutes === null || blocksAndMutes.size === 0 ? 0 : (blocksAndMutes.get(userIds[i]!) ?? 0);
      found.push(user === null ? null : shownOf(user, viewer, bits));
      if (user !== null && (blocksAndMutes === null || user.protected)) unsure.push(i);
    }
    if (viewer === null || unsure.length === 0) return found;
    const others = unsure.map((i) => userIds[i]!);
    const relationshipBits = await store.relationshipBits({ viewer, others });
    for (const [at, i] of unsure.entries()) found[i] = shownOf(users[i]!, viewer, relationshipBits[at]!);
    return found;
  }

  return {
    view,
    visible,
    shown,
    async mayRead(viewer, userId) {
      const [user] = await view({ viewer, userIds: [userId] });
      if (user === undefined || !canSeeUser(user)) throw hidden();
      return canReadUser(user, viewer);
    },

    async profile({ userId, viewer }) {
      const [user] = await store.users([userId]);
      if (user == null || user.state !== 'active') throw hidden();
      const [bits = 0] = viewer === null ? [] : await store.relationshipBits({ viewer, others: [userId] });
      const seen = viewOf(user, bits);
      if (seen.blockedBy) throw hidden();
      // The blocker gets the basic profile, so as to know whom to unblock, and nothing else.
      if (seen.blocking) return { ...seen, bio: '', followerCount: 0, followingCount: 0, basicOnly: true };
      return {
        ...seen,
        bio: user.bio,
        followerCount: user.counts.followers,
        followingCount: user.counts.following,
        basicOnly: false,
      };
    },

    async lookup({ handles }) {
      requireBatch(handles);
      const found = await store.byHandle([...new Set(handles.map((handle) => handle.toLowerCase()))]);
      return found
        .filter((user) => user.state === 'active')
        .map(({ userId, handle, name, picture }) => ({ userId, handle, name, picture }));
    },
  };
}

const NOBODY: ReadonlyMap<UserId, number> = new Map();
const FOLLOWING = RELATIONSHIP_BIT.following | RELATIONSHIP_BIT.followingPrivately;

/** Null: not to be seen. */
function shownOf(user: StoredUser, viewer: UserId | null, bits: number): VisibleProfile | null {
  const { userId, handle, name, picture } = user;
  const facts = {
    userId,
    state: user.state,
    protected: user.protected,
    following: (bits & FOLLOWING) !== 0,
    blocking: (bits & RELATIONSHIP_BIT.blocking) !== 0,
    blockedBy: (bits & RELATIONSHIP_BIT.blockedBy) !== 0,
  };
  if (!canSeeUser(facts)) return null;
  return {
    profile: { userId, handle, name, picture },
    readable: canReadUser(facts, viewer),
    protected: facts.protected,
    muting: (bits & RELATIONSHIP_BIT.muting) !== 0,
  };
}

const hidden = () => notFound('There is nobody with this id whom you may see.');

/** One literal, so that all views share one hidden class: a page builds twenty of them. */
function viewOf(user: StoredUser, bits: number): ProfileView {
  return {
    userId: user.userId,
    handle: user.handle,
    name: user.name,
    picture: user.picture,
    state: user.state,
    protected: user.protected,
    following: (bits & (RELATIONSHIP_BIT.following | RELATIONSHIP_BIT.followingPrivately)) !== 0,
    followingPrivately: (bits & RELATIONSHIP_BIT.followingPrivately) !== 0,
    requested: (bits & RELATIONSHIP_BIT.requested) !== 0,
    followedBy: (bits & RELATIONSHIP_BIT.followedBy) !== 0,
    blocking: (bits & RELATIONSHIP_BIT.blocking) !== 0,
    blockedBy: (bits & RELATIONSHIP_BIT.blockedBy) !== 0,
    muting: (bits & RELATIONSHIP_BIT.muting) !== 0,
  };
}
