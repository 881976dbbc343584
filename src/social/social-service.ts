/**
 * The social service: who users are, and what they have to do with each other. Rules are in `follow-rules.ts`;
 * this file joins them to the store.
 */
import { requireBatch } from '#domain/batch.ts';
import { WarbleError } from '#domain/errors.ts';
import type { UserId } from '#domain/ids.ts';
import { changeRelationshipPair, mintFor, type SocialDeps } from './changes.ts';
import { createDiscovery } from './discovery.ts';
import {
  decideAnswer,
  decideBlock,
  decideFollow,
  decideMute,
  decideRemoveFollower,
  decideReposts,
  decideUnfollow,
  endOfBlock,
  endOfMute,
} from './follow-rules.ts';
import { createLists } from './lists.ts';
import { createUsers } from './profiles.ts';
import type { Social } from './social.ts';
import type { StoredUser } from './social-store.ts';
import { createViewing } from './viewing.ts';

/** Makes the service. The caller runs `createProtectionMigrator` with the same dependencies beside it. */
export function createSocialService(deps: SocialDeps): Social {
  const { store } = deps;
  const viewing = createViewing(deps);
  const { view, shown, profile, lookup } = viewing;
  return {
    ...createUsers(deps),
    view,
    visibleProfiles: shown,
    profile,
    lookup,
    ...createRelationships(deps),
    ...createLists(deps, viewing),
    ...createDiscovery(deps, viewing),

    async followerCounts({ userIds }) {
      requireBatch(userIds);
      const known = (await store.users(userIds)).filter((user) => user !== null);
      return known.map(({ userId, counts }) => ({ userId, followers: counts.followers }));
    },
    async blocksAndMutes({ viewer }) {
      const users = await store.blocksAndMutes(viewer);
      return users === null ? null : { userIds: [...users.keys()] };
    },
    followeesOf: async ({ follower }) => ({ followees: (await store.followees(follower)).slice() }),
    async followerIds({ followee, after, limit }) {
      const userIds = await store.followerIds({ followee, after, limit });
      return { userIds, next: userIds.length < limit ? null : (userIds.at(-1) ?? null) };
    },
    async follows({ pairs }) {
      requireBatch(pairs);
      return store.follows(pairs);
    },
    hiddenPeriods: async ({ viewer }) => ({ periods: await store.hiddenPeriods(viewer) }),
    async scanUsers({ after, limit }) {
      const users = await store.scan({ after, limit });
      return {
        users: users.map(scanned),
        next: users.length < limit ? null : (users.at(-1)?.userId ?? null),
      };
    },
  };
}

const scanned = ({ userId, protected: locked, state, counts }: StoredUser) => ({
  userId,
  protected: locked,
  state,
  followers: counts.followers,
});

type Relationships = Pick<
  Social,
  | 'follow'
  | 'unfollow'
  | 'removeFollower'
  | 'showReposts'
  | 'answerRequest'
  | 'block'
  | 'unblock'
  | 'mute'
  | 'unmute'
>;

/** Follows, requests, blocks and mutes: one atomic step each. */
function createRelationships(deps: SocialDeps): Relationships {
  return {
    async follow({ follower: me, followee: other, private: wished, traceId }) {
      if (me === other) throw new WarbleError('cannot_follow_self', 'This is you; follow somebody else.');
      const state = await changeRelationshipPair(deps, { me, other, traceId }, (pair) => {
        const { mine, state } = decideFollow(pair, { private: wished, mint: mintFor(deps, me) });
        return { mine, result: state };
      });
      return { state };
    },
    async unfollow({ follower: me, followee: other, traceId }) {
      if (me === other) return;
      await changeRelationshipPair(deps, { me, other, traceId }, (pair) => ({
        mine: decideUnfollow(pair),
        result: undefined,
      }));
    },
    async removeFollower({ userId: me, follower: other, traceId }) {
      if (me === other) return;
      await changeRelationshipPair(deps, { me, other, traceId }, (pair) => ({
        theirs: decideRemoveFollower(pair),
        result: undefined,
      }));
    },
    async showReposts({ follower: me, followee: other, shown, traceId }) {
      requireOther(me, other);
      await changeRelationshipPair(deps, { me, other, traceId }, (pair) => ({
        mine: decideReposts(pair, { shown, mint: mintFor(deps, me) }),
        result: undefined,
      }));
    },
    async answerRequest({ userId: me, follower: other, approve, traceId }) {
      await changeRelationshipPair(deps, { me, other, traceId }, (pair) => ({
        theirs: decideAnswer(pair, { approve, mint: mintFor(deps, me) }),
        result: undefined,
      }));
    },
    async block({ userId: me, other, traceId }) {
      requireOther(me, other);
      await changeRelationshipPair(deps, { me, other, traceId }, (pair) => ({
        ...decideBlock(pair, { mint: mintFor(deps, me) }),
        result: undefined,
      }));
    },
    async unblock({ userId: me, other, traceId }) {
      await changeRelationshipPair(deps, { me, other, traceId }, ({ mine }) => ({
        mine: { ...mine, block: null },
        hidden: endOfBlock({ me, other, since: mine.block, mint: mintFor(deps, me) }),
        result: undefined,
      }));
    },
    async mute({ userId: me, other, traceId }) {
      requireOther(me, other);
      await changeRelationshipPair(deps, { me, other, traceId }, (pair) => ({
        mine: decideMute(pair, { mint: mintFor(deps, me) }),
        result: undefined,
      }));
    },
    async unmute({ userId: me, other, traceId }) {
      await changeRelationshipPair(deps, { me, other, traceId }, ({ mine }) => ({
        mine: { ...mine, mute: null },
        hidden: endOfMute({ me, other, since: mine.mute, mint: mintFor(deps, me) }),
        result: undefined,
      }));
    },
  };
}

function requireOther(me: UserId, other: UserId): void {
  if (me === other) throw new WarbleError('invalid_request', 'This is you; name somebody else.');
}
