/** A reader's followees, in the forms that reading needs. */
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { ChangeSource } from '#platform/change-source.ts';
import { createCoherentCache } from '#platform/coherent-cache.ts';
import type { Social } from '#social/social.ts';

export interface FolloweeSet {
  /** All followees, muted ones included: home timelines are complete for all, so that unmuting needs no write. */
  all: UserId[];
  /** The followees whose activities count: those not muted. */
  allowed: UserId[];
  /** The allowed followees whose reposts count. */
  reposters: UserId[];
  /** By allowed followee: the snowflake of the follow edge, which tells when the follow began. */
  followedSince: ReadonlyMap<UserId, Snowflake>;
  /** Digest of `all`, independent of their order. */
  digest: number;
  /** Snowflake of the newest follow edge; 0 without any. */
  newestEdge: Snowflake;
}

/**
 * Digests are sums of 40-bit hashes modulo 2^52, so that a followee can be added without knowing the others; the sum of
 * 5,000 followees is exact in a double. A followee added twice makes it wrong, which costs a backfill and nothing else.
 */
const DIGEST_MODULUS = 2 ** 52;
export const NO_FOLLOWEES = 0;

export function withFollowee(digest: number, followee: UserId): number {
  let hash = Math.imul(followee ^ (followee >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  const low = (hash ^ (hash >>> 16)) >>> 0;
  const high = (Math.imul(followee, 0x9e3779b1) >>> 24) + 1;
  return (digest + high * 2 ** 32 + low) % DIGEST_MODULUS;
}

export interface FolloweeSets {
  /** The followees as social has them now. Throws what social throws. */
  of(reader: UserId): Promise<FolloweeSet>;
}

type Followees = Awaited<ReturnType<Social['followeesOf']>>['followees'];

export interface FolloweeSetsDeps {
  social: Pick<Social, 'followeesOf'>;
  /** Reports the readers whose followees change. */
  changes: ChangeSource;
}

/** Followees in all cached sets together, some 60 bytes each. */
const MAX_FOLLOWEES = 2_000_000;

export function createFolloweeSets({ social, changes }: FolloweeSetsDeps): FolloweeSets {
  const sets = createCoherentCache<UserId, FolloweeSet>({
    changes: [changes],
    max: MAX_FOLLOWEES,
    weigh: ({ all }) => all.length + 10,
  });
  return {
    async of(reader) {
      return (
        sets.get(reader) ??
        sets.fill(async (keep) => {
          const { followees } = await social.followeesOf({ follower: reader });
          const followeeSet = followeeSetOf(followees);
          keep(reader, followeeSet);
          return followeeSet;
        })
      );
    },
  };
}

function followeeSetOf(followees: Followees): FolloweeSet {
  const unmuted = followees.filter(({ muted }) => !muted);
  return {
    all: followees.map(({ userId }) => userId),
    allowed: unmuted.map(({ userId }) => userId),
    reposters: unmuted.filter(({ repostsHidden }) => !repostsHidden).map(({ userId }) => userId),
    followedSince: new Map(unmuted.map(({ userId, id }) => [userId, id])),
    digest: followees.reduce((digest, { userId }) => withFollowee(digest, userId), NO_FOLLOWEES),
    newestEdge: followees.reduce((newest, { id }) => Math.max(newest, id), 0),
  };
}
