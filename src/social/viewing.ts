/** Users as one viewer stands to them. */
import { requireBatch } from '#domain/batch.ts';
import { notFound } from '#domain/errors.ts';
import type { UserId } from '#domain/ids.ts';
import type { ProfileBasic, ProfileView } from '#domain/records.ts';
import { canReadUser, canSeeUser } from '#domain/visibility.ts';
import type { SocialDeps } from './changes.ts';
import type { Profile, VisibleProfile } from './social.ts';
import { RELATION, type StoredUser } from './social-store.ts';

export interface Viewing {
  view(request: { viewer: UserId | null; userIds: readonly UserId[] }): Promise<ProfileView[]>;
  shown(request: { viewer: UserId | null; userIds: readonly UserId[] }): Promise<(VisibleProfile | null)[]>;
  profile(request: { userId: UserId; viewer: UserId | null }): Promise<Profile>;
  lookup(request: { handles: readonly string[] }): Promise<ProfileBasic[]>;
  /** The ids among these whom the viewer may see, in the order given; `may` replaces the usual rule. */
  visible(
    viewer: UserId | null,
    userIds: readonly UserId[],
    may?: (view: ProfileView) => boolean,
  ): Promise<UserId[]>;
  /**
   * Whether the viewer may read that user, and so whom they follow and who follows them. Throws not_found where the
   * viewer may not even see that user.
   */
  mayRead(viewer: UserId | null, userId: UserId): Promise<boolean>;
}

export function createViewing({ store }: Pick<SocialDeps, 'store'>): Viewing {
  async function view({ viewer, userIds }: { viewer: UserId | null; userIds: readonly UserId[] }) {
    requireBatch(userIds);
    const users = await store.users(userIds);
    const relations = viewer === null ? undefined : await store.relations({ viewer, others: userIds });
    const views: ProfileView[] = [];
    for (let i = 0; i < users.length; i++) {
      const user = users[i];
      if (user != null) views.push(viewOf(user, relations?.[i] ?? 0));
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

  /** Ties are looked up only where they can matter: with those who are protected, or whom the viewer is apart from. */
  async function shown({ viewer, userIds }: { viewer: UserId | null; userIds: readonly UserId[] }) {
    requireBatch(userIds);
    const users = await store.users(userIds);
    const apart = viewer === null ? NOBODY : await store.apart(viewer);
    const found: (VisibleProfile | null)[] = [];
    const unsure: number[] = [];
    for (let i = 0; i < users.length; i++) {
      const user = users[i]!;
      const bits = apart === null || apart.size === 0 ? 0 : (apart.get(userIds[i]!) ?? 0);
      found.push(user === null ? null : shownOf(user, viewer, bits));
      if (user !== null && (apart === null || user.protected)) unsure.push(i);
    }
    if (viewer === null || unsure.length === 0) return found;
    const others = unsure.map((i) => userIds[i]!);
    const relations = await store.relations({ viewer, others });
    for (const [at, i] of unsure.entries()) found[i] = shownOf(users[i]!, viewer, relations[at]!);
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
      const [relation = 0] = viewer === null ? [] : await store.relations({ viewer, others: [userId] });
      const seen = viewOf(user, relation);
      if (seen.blockedBy) throw hidden();
      // The blocker gets the head, so as to know whom to unblock, and nothing else.
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
const FOLLOWING = RELATION.following | RELATION.followingPrivately;

/** Null: not to be seen. */
function shownOf(user: StoredUser, viewer: UserId | null, relation: number): VisibleProfile | null {
  const { userId, handle, name, picture } = user;
  const facts = {
    userId,
    state: user.state,
    protected: user.protected,
    following: (relation & FOLLOWING) !== 0,
    blocking: (relation & RELATION.blocking) !== 0,
    blockedBy: (relation & RELATION.blockedBy) !== 0,
  };
  if (!canSeeUser(facts)) return null;
  return {
    profile: { userId, handle, name, picture },
    readable: canReadUser(facts, viewer),
    protected: facts.protected,
    muting: (relation & RELATION.muting) !== 0,
  };
}

const hidden = () => notFound('There is nobody with this id whom you may see.');

/** One literal, so that all views share one shape: a page builds twenty of them. */
function viewOf(user: StoredUser, relation: number): ProfileView {
  return {
    userId: user.userId,
    handle: user.handle,
    name: user.name,
    picture: user.picture,
    state: user.state,
    protected: user.protected,
    following: (relation & (RELATION.following | RELATION.followingPrivately)) !== 0,
    followingPrivately: (relation & RELATION.followingPrivately) !== 0,
    requested: (relation & RELATION.requested) !== 0,
    followedBy: (relation & RELATION.followedBy) !== 0,
    blocking: (relation & RELATION.blocking) !== 0,
    blockedBy: (relation & RELATION.blockedBy) !== 0,
    muting: (relation & RELATION.muting) !== 0,
  };
}
