/**
 * The social service: users and their relationships. The rules are in `follow-rules.ts`; this file applies them to the
 * store.
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
    followeesOf: async ({ follower }) => ({ followees: await store.followees(follower) }),
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
    async follow({ follower: actor, followee: other, private: wished, traceId }) {
      if (actor === other) throw new WarbleError('cannot_follow_self', 'This is you; follow somebody else.');
      const state = await changeRelationshipPair(deps, { actor, other, traceId }, (pair) => {
        const { outgoing, state } = decideFollow(pair, { private: wished, mint: mintFor(deps, actor) });
        return { outgoing, result: state };
      });
      return { state };
    },
    async unfollow({ follower: actor, followee: other, traceId }) {
      if (actor === other) return;
      await changeRelationshipPair(deps, { actor, other, traceId }, (pair) => ({
        outgoing: decideUnfollow(pair),
        result: undefined,
      }));
    },
    async removeFollower({ followee: actor, follower: other, traceId }) {
      if (actor === other) return;
      await changeRelationshipPair(deps, { actor, other, traceId }, (pair) => ({
        incoming: decideRemoveFollower(pair),
        result: undefined,
      }));
    },
    async showReposts({ follower: actor, followee: other, shown, traceId }) {
      requireOther(actor, other);
      await changeRelationshipPair(deps, { actor, other, traceId }, (pair) => ({
        outgoing: decideReposts(pair, { shown, mint: mintFor(deps, actor) }),
        result: undefined,
      }));
    },
    async answerRequest({ followee: actor, follower: other, approve, traceId }) {
      await changeRelationshipPair(deps, { actor, other, traceId }, (pair) => ({
        incoming: decideAnswer(pair, { approve, mint: mintFor(deps, actor) }),
        result: undefined,
      }));
    },
    async block({ userId: actor, other, traceId }) {
      requireOther(actor, other);
      await changeRelationshipPair(deps, { actor, other, traceId }, (pair) => ({
        ...decideBlock(pair, { mint: mintFor(deps, actor) }),
        result: undefined,
      }));
    },
    async unblock({ userId: actor, other, traceId }) {
      await changeRelationshipPair(deps, { actor, other, traceId }, ({ outgoing }) => ({
        outgoing: { ...outgoing, block: null },
        hidden: endOfBlock({ actor, other, since: outgoing.block, mint: mintFor(deps, actor) }),
        result: undefined,
      }));
    },
    async mute({ userId: actor, other, traceId }) {
      requireOther(actor, other);
      await changeRelationshipPair(deps, { actor, other, traceId }, (pair) => ({
        outgoing: decideMute(pair, { mint: mintFor(deps, actor) }),
        result: undefined,
      }));
    },
    async unmute({ userId: actor, other, traceId }) {
      await changeRelationshipPair(deps, { actor, other, traceId }, ({ outgoing }) => ({
        outgoing: { ...outgoing, mute: null },
        hidden: endOfMute({ actor, other, since: outgoing.mute, mint: mintFor(deps, actor) }),
        result: undefined,
      }));
    },
  };
}

function requireOther(actor: UserId, other: UserId): void {
  if (actor === other) throw new WarbleError('invalid_request', 'This is you; name somebody else.');
}
