import type { Snowflake, UserId } from '#domain/ids.ts';
import type { RelationshipRow } from '../../social.ts';
import {
  type Follow,
  type ListKind,
  MAX_BLOCKS_AND_MUTES,
  NO_RELATIONSHIP,
  RELATIONSHIP_BIT,
  type Relationship,
  type RelationshipKey,
  type SocialStore,
} from '../../social-store.ts';
import type { Users } from './users.ts';

type Ends = Map<UserId, Relationship>;

/** Relationships that are not empty, from both their ends. */
export interface Graph {
  /** What somebody has to do with others, by the other's id. */
  from(source: UserId): ReadonlyMap<UserId, Relationship>;
  to(target: UserId): ReadonlyMap<UserId, Relationship>;
  get(key: RelationshipKey): Relationship;
  save(key: RelationshipKey, relationship: Relationship): void;
}

export function createGraph(): Graph {
  const bySource = new Map<UserId, Ends>();
  const byTarget = new Map<UserId, Ends>();
  const endsIn = (ends: Map<UserId, Ends>, userId: UserId) =>
    ends.get(userId) ?? new Map<UserId, Relationship>();

  function put(ends: Map<UserId, Ends>, userId: UserId, other: UserId, relationship: Relationship): void {
    const own = endsIn(ends, userId);
    if (Object.values(relationship).every((part) => part === null)) own.delete(other);
    else own.set(other, relationship);
    ends.set(userId, own);
  }
  return {
    from: (source) => endsIn(bySource, source),
    to: (target) => endsIn(byTarget, target),
    get: ({ source, target }) => bySource.get(source)?.get(target) ?? NO_RELATIONSHIP,
    save({ source, target }, relationship) {
      const kept = Object.freeze({ ...relationship });
      put(bySource, source, target, kept);
      put(byTarget, target, source, kept);
    },
  };
}

type GraphReads = Pick<
  SocialStore,
  | 'relationshipBits'
  | 'blocksAndMutes'
  | 'list'
  | 'followees'
  | 'followerIds'
  | 'follows'
  | 'publicFollows'
  | 'pending'
  | 'relationshipsOf'
>;

/** Everything that lists or tests relationships. */
export function createGraphReads(graph: Graph, users: Users): GraphReads {
  /** The follow, where it stands: a private one ends when its followee becomes protected. */
  function followIn(target: UserId, { follow }: Relationship): Relationship['follow'] {
    const stands = follow?.private !== true || follow.protections === users.get(target)?.protections;
    return stands ? follow : null;
  }

  function bits(viewer: UserId, other: UserId): number {
    const there = graph.get({ source: viewer, target: other });
    const back = graph.get({ source: other, target: viewer });
    const follow = followIn(other, there);
    let sum = blockAndMuteBits(there, back);
    if (follow !== null) {
      sum |= follow.private ? RELATIONSHIP_BIT.followingPrivately : RELATIONSHIP_BIT.following;
    }
    if (there.request !== null) sum |= RELATIONSHIP_BIT.requested;
    if (back.follow?.private === false) sum |= RELATIONSHIP_BIT.followedBy;
    return sum;
  }

  /** What one list says of a relationship; undefined: it is not on that list. */
  function rowOf(
    kind: ListKind,
    target: UserId,
    relationship: Relationship,
  ): Omit<RelationshipRow, 'userId'> | undefined {
    const { request, block, mute } = relationship;
    if (kind === 'followers' || kind === 'following' || kind === 'ownFollowing') {
      const follow = followIn(target, relationship);
      if (follow === null || (follow.private && kind !== 'ownFollowing')) return undefined;
      return { id: follow.id, private: follow.private };
    }
    const id = { requests: request, blocks: block, mutes: mute }[kind];
    return id === null ? undefined : { id, private: false };
  }

  return {
    relationshipBits: async ({ viewer, others }) => others.map((other) => bits(viewer, other)),
    async blocksAndMutes(viewer) {
      const [there, back] = [graph.from(viewer), graph.to(viewer)];
      const found = new Map<UserId, number>();
      for (const other of new Set([...there.keys(), ...back.keys()])) {
        const both = blockAndMuteBits(
          there.get(other) ?? NO_RELATIONSHIP,
          back.get(other) ?? NO_RELATIONSHIP,
        );
        if (both !== 0) found.set(other, both);
      }
      const standing = [...found.values()].flatMap((sum) =>
        BLOCK_AND_MUTE_BITS.filter((bit) => (sum & bit) !== 0),
      );
      return standing.length > MAX_BLOCKS_AND_MUTES ? null : found;
    },
    async list({ kind, userId, before, limit }) {
      const isOfTarget = kind === 'followers' || kind === 'requests';
      const rows: RelationshipRow[] = [];
      for (const [other, relationship] of isOfTarget ? graph.to(userId) : graph.from(userId)) {
        const row = rowOf(kind, isOfTarget ? userId : other, relationship);
        if (row !== undefined && (before === null || row.id < before)) rows.push({ userId: other, ...row });
      }
      return rows.sort(newestFirst).slice(0, limit);
    },
    followees: async (follower) =>
      [...graph.from(follower)]
        .flatMap(([userId, relationship]) => {
          const follow = followIn(userId, relationship);
          if (follow === null || users.get(userId)?.state !== 'active') return [];
          const { mute, hiddenReposts } = relationship;
          const { id, private: isPrivate } = follow;
          return [
            { userId, id, private: isPrivate, muted: mute !== null, repostsHidden: hiddenReposts !== null },
          ];
        })
        .sort(newestFirst),
    followerIds: async ({ followee, after, limit }) =>
      [...graph.to(followee)]
        .filter(([source, relationship]) => source > after && followIn(followee, relationship) !== null)
        .map(([source]) => source)
        .sort((a, b) => a - b)
        .slice(0, limit),
    follows: async (pairs) =>
      pairs.flatMap(({ follower, followee }): Follow[] => {
        const follow = followIn(followee, graph.get({ source: follower, target: followee }));
        return follow === null ? [] : [{ follower, followee, id: follow.id, private: follow.private }];
      }),
    publicFollows: async (pairs) =>
      pairs.filter(({ follower, followee }) => {
        return graph.get({ source: follower, target: followee }).follow?.private === false;
      }),
    async pending({ followee, kind, limit }) {
      const waiting = [...graph.to(followee)].filter(([, { follow, request }]) => {
        if (kind === 'request') return request !== null;
        return follow?.private === true && follow.protections < (users.get(followee)?.protections ?? 0);
      });
      waiting.sort(([, a], [, b]) => (a.request ?? 0) - (b.request ?? 0));
      return waiting.slice(0, limit).map(([source]) => source);
    },
    async relationshipsOf({ userId, limit }) {
      const own = [...graph.from(userId).keys()].map((target) => ({ source: userId, target }));
      const about = [...graph.to(userId).keys()].map((source) => ({ source, target: userId }));
      return [...own, ...about].slice(0, limit);
    },
  };
}

const BLOCK_AND_MUTE_BITS = [RELATIONSHIP_BIT.blocking, RELATIONSHIP_BIT.blockedBy, RELATIONSHIP_BIT.muting];

function blockAndMuteBits(there: Relationship, back: Relationship): number {
  let sum = 0;
  if (there.block !== null) sum |= RELATIONSHIP_BIT.blocking;
  if (back.block !== null) sum |= RELATIONSHIP_BIT.blockedBy;
  if (there.mute !== null) sum |= RELATIONSHIP_BIT.muting;
  return sum;
}

function newestFirst(a: { id: Snowflake }, b: { id: Snowflake }): number {
  return b.id - a.id;
}
