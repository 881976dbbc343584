/** Whom a reader follows, in the shapes that reading needs. */
import type { Snowflake, UserId } from '#domain/ids.ts';
import { type ChangeSource, createChangeClock } from '#platform/change-clock.ts';
import { createCoherentCache } from '#platform/coherent-cache.ts';
import type { Social } from '#social/social.ts';

export interface FolloweeSet {
  /** Everybody followed, the muted ones too: a home timeline is complete for all of them, so that unmuting needs no write. */
  all: UserId[];
  /** Whose activities count: followed, not muted. */
  allowed: UserId[];
  /** Of those allowed, whose reposts count. */
  reposters: UserId[];
  /** By those allowed: the snowflake of the follow, which tells when it began. */
  followedSince: ReadonlyMap<UserId, Snowflake>;
  /** Digest of `all`, whatever their order. */
  digest: number;
  /** The newest edge's snowflake, 0 without any. */
  newestEdge: Snowflake;
}

/**
 * Digests are sums of 40-bit hashes modulo 2^52, so that somebody can be added without knowing the others; 5,000
 * followees stay exact in a double. Somebody added twice makes it wrong, which costs a backfill and harms nothing.
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
  /** As social has it now. Throws what social throws. */
  of(reader: UserId): Promise<FolloweeSet>;
}

type Followees = Awaited<ReturnType<Social['followeesOf']>>['followees'];

export interface FolloweeSetsDeps {
  social: Pick<Social, 'followeesOf'>;
  /** Told of whoever follows others, or otherwise. */
  changes: ChangeSource;
}

/** Followees in all followee sets kept together, some 60 bytes each. */
const MAX_FOLLOWEES = 2_000_000;

export function createFolloweeSets({ social, changes }: FolloweeSetsDeps): FolloweeSets {
  const sets = createCoherentCache<UserId, FolloweeSet>({
    clock: createChangeClock([changes]),
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
