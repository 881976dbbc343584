/** Whom a reader follows, in the shapes that reading needs. */
import type { Snowflake, UserId } from '#contract/ids.ts';
import type { Social } from '#social/social.ts';

export interface Circle {
  /** Everybody followed, the muted ones too: a ring is complete for all of them, so that unmuting needs no write. */
  all: UserId[];
  /** Whose activities count: followed, not muted. */
  allowed: UserId[];
  isAllowed: ReadonlySet<UserId>;
  /** Digest of `all`, whatever their order. */
  members: number;
  /** The newest edge's snowflake, 0 without any. */
  newestEdge: Snowflake;
}

/**
 * Digests are sums of 40-bit hashes modulo 2^52, so that somebody can be added without knowing the others; 5,000
 * followees stay exact in a double. Somebody added twice makes it wrong, which costs a pull and harms nothing.
 */
const DIGEST_MODULUS = 2 ** 52;
export const NO_MEMBERS = 0;

export function withMember(digest: number, member: UserId): number {
  let hash = Math.imul(member ^ (member >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  const low = (hash ^ (hash >>> 16)) >>> 0;
  const high = (Math.imul(member, 0x9e3779b1) >>> 24) + 1;
  return (digest + high * 2 ** 32 + low) % DIGEST_MODULUS;
}

export interface Circles {
  /** As social has it now. Throws what social throws. */
  of(reader: UserId): Promise<Circle>;
}

type Followees = Awaited<ReturnType<Social['followeesOf']>>['followees'];

export function createCircles({ social }: { social: Pick<Social, 'followeesOf'> }): Circles {
  // Social hands out the same array until somebody is followed, unfollowed, muted or hidden; then what was made
  // of it serves again. Where it makes a new array each time this costs a little and is as right.
  const made = new WeakMap<Followees, Circle>();
  return {
    async of(reader) {
      const { followees } = await social.followeesOf({ follower: reader });
      let circle = made.get(followees);
      if (circle === undefined) {
        circle = circleOf(followees);
        made.set(followees, circle);
      }
      return circle;
    },
  };
}

function circleOf(followees: Followees): Circle {
  const allowed = followees.filter(({ muted }) => !muted).map(({ userId }) => userId);
  return {
    all: followees.map(({ userId }) => userId),
    allowed,
    isAllowed: new Set(allowed),
    members: followees.reduce((digest, { userId }) => withMember(digest, userId), NO_MEMBERS),
    newestEdge: followees.reduce((newest, { id }) => Math.max(newest, id), 0),
  };
}
