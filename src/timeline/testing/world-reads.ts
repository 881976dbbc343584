/** What is read of the users and tweets of a test world; see world.ts. */
import type { TweetId, UserId } from '#domain/ids.ts';
import type { CommentRow, LikeRow, ProfileView } from '#domain/records.ts';
import { canReadUser, canSeeUser } from '#domain/visibility.ts';
import type { Social } from '#social/social.ts';
import type { World, WorldUser } from './world.ts';

/** Who sees whom. */
export function viewsOf(users: World['users']): Pick<Social, 'view' | 'visibleProfiles' | 'blocksAndMutes'> {
  return {
    blocksAndMutes: async ({ viewer }) => {
      const { blocking, muting } = users.get(viewer)!;
      const blockedBy = [...users.values()].filter((other) => other.blocking.has(viewer));
      return { userIds: [...blocking, ...muting, ...blockedBy.map(({ userId }) => userId)] };
    },
    view: async ({ viewer, userIds }) =>
      userIds.flatMap((userId) => (users.has(userId) ? [viewOf(users, users.get(userId)!, viewer)] : [])),
    visibleProfiles: async ({ viewer, userIds }) =>
      userIds.map((userId) => {
        const view = users.has(userId) ? viewOf(users, users.get(userId)!, viewer) : undefined;
        if (view === undefined || !canSeeUser(view)) return null;
        const { handle, name, picture, protected: locked, muting } = view;
        const readable = canReadUser(view, viewer);
        return { profile: { userId, handle, name, picture }, readable, protected: locked, muting };
      }),
  };
}

function viewOf(users: World['users'], other: WorldUser, viewer: UserId | null): ProfileView {
  const me = viewer === null ? undefined : users.get(viewer);
  const { userId, state, protected: locked } = other;
  return {
    userId,
    handle: `h${userId}`,
    name: `Name ${userId}`,
    picture: '',
    state,
    protected: locked,
    following: me?.following.has(userId) ?? false,
    followingPrivately: false,
    requested: false,
    followedBy: viewer !== null && other.following.has(viewer),
    blocking: me?.blocking.has(userId) ?? false,
    blockedBy: viewer !== null && other.blocking.has(viewer),
    muting: me?.muting.has(userId) ?? false,
  };
}

/** Newest first. */
export function likesOf(items: World['items'], tweetId: TweetId): LikeRow[] {
  return Array.from(items.get(tweetId)?.likes ?? [], ([userId, id]) => ({ id, tweetId, userId })).reverse();
}

/** Newest first. */
export function commentsOf(items: World['items'], tweetId: TweetId): CommentRow[] {
  return (items.get(tweetId)?.comments ?? []).map(({ id, userId }) => ({ id, tweetId, userId }));
}

export function newUser(userId: UserId): WorldUser {
  return {
    userId,
    protected: false,
    state: 'active',
    following: new Set(),
    blocking: new Set(),
    muting: new Set(),
  };
}
