/**
 * The ids of the whole system.
 *
 * A user id is a 32-bit number, so that the follow graph fits in typed arrays. Everything that happens at a moment
 * (tweets, comments, likes, reposts, follows, sessions) has a 53-bit snowflake: exact as a JavaScript number, and
 * ordered by time. All kinds share one number space. Views mint no ids.
 */

/**
 * A number whose type says what it identifies. Plain numbers and their sums fit every kind, so literals, database
 * columns and JSON need no cast; passing an id of one kind for another does not compile.
 */
type Id<Kind extends string> = number & { readonly idKind?: Kind };

/** 1 to 2^32 - 1, allocated at sign-up, never used twice. */
export type UserId = Id<'user'>;
export type TweetId = Id<'tweet'>;
export type CommentId = Id<'comment'>;
export type RepostId = Id<'repost'>;
export type LikeId = Id<'like'>;
/** Of a follow, a follow request, a block or a mute. */
export type RelationshipId = Id<'relationship'>;
/** Tweets and comments share one table of texts, keyed by these. */
export type TextId = TweetId | CommentId;
/** The snowflakes of one kind. */
export type SnowflakeOf<Kind extends IdKind> = Id<Kind>;
/** Any snowflake (see {@link snowflakeOf}), or a bound between two. Every kind is assignable to it, and it to none. */
export type Snowflake = Id<IdKind>;

/**
 * What a home timeline holds: `id` for the posting of tweet `id`, `-id` for repost `id`. The magnitude orders by time;
 * the sign says which service knows the rest, and lets a home timeline be one flat Float64Array.
 */
export type ActivityId = Id<'tweet' | 'activity'>;

export const MAX_USER_ID = 2 ** 32 - 1;

/** Milliseconds since 1970 at which snowflakes begin: 2025-01-01T00:00:00Z. 41 bits last until 2094. */
export const SNOWFLAKE_EPOCH_MS = 1_735_689_600_000;
/** The first millisecond that no snowflake can carry. */
export const SNOWFLAKE_END_MS = SNOWFLAKE_EPOCH_MS + 2 ** 41;
/** How many values {@link ownerHash} has. */
export const OWNER_HASHES = 64;
/** How many ids one millisecond, owner hash and kind can have. */
export const SNOWFLAKE_SEQUENCES = 8;
const UNITS_PER_HASH = 64;
/** How many ids can share a millisecond. */
export const SNOWFLAKES_PER_MS = OWNER_HASHES * UNITS_PER_HASH;

/** What a snowflake identifies. Each kind is minted by one service only; 6 and 7 are free. */
export const ID_KINDS = {
  tweet: 0,
  repost: 1,
  comment: 2,
  like: 3,
  /** Follows, follow requests, blocks and mutes. */
  relationship: 4,
  /** Sessions, notices, reports and entries of the audit log. */
  account: 5,
} as const;
export type IdKind = keyof typeof ID_KINDS;

/**
 * Six bits of a user's id, by murmur3's 32-bit finaliser (public domain, A. Appleby), so that dense ids spread. Every
 * snowflake that the user owns contains them, and partitions are chosen by them.
 */
export function ownerHash(userId: UserId): number {
  let hash = userId | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) & (OWNER_HASHES - 1);
}

/** Composes a snowflake: 41 bits of milliseconds, 6 of the owner's hash, 3 of kind, 3 of sequence. */
export function snowflakeOf<Kind extends IdKind>(parts: {
  time_ms: number;
  hash: number;
  kind: Kind;
  sequence: number;
}): SnowflakeOf<Kind> {
  const { time_ms, hash, kind, sequence } = parts;
  return (
    (time_ms - SNOWFLAKE_EPOCH_MS) * SNOWFLAKES_PER_MS +
    hash * UNITS_PER_HASH +
    ID_KINDS[kind] * SNOWFLAKE_SEQUENCES +
    sequence
  );
}

/**
 * The {@link ownerHash} of a snowflake's owner: a tweet's author, for a comment the author of the tweet it answers,
 * and otherwise the user whose action it is.
 */
export function ownerHashOf(id: Snowflake): number {
  return Math.floor(id / UNITS_PER_HASH) % OWNER_HASHES;
}

/** The moment (ms since 1970) that a snowflake carries. */
export function snowflakeTime(id: Snowflake): number {
  return Math.floor(id / SNOWFLAKES_PER_MS) + SNOWFLAKE_EPOCH_MS;
}

/**
 * The smallest snowflake of a moment, as a bound for ids of any kind: no id minted at or after `time_ms` is below it.
 */
export function firstSnowflakeAt(time_ms: number): number {
  return Math.max(0, (time_ms - SNOWFLAKE_EPOCH_MS) * SNOWFLAKES_PER_MS);
}

const ID_PATTERN = /^[1-9]\d{0,15}$/;

/** Parses the decimal string of an API id; `undefined` where it is not one. Ids beyond 2^53 - 1 identify nothing. */
export function parseId(text: string): number | undefined {
  return ID_PATTERN.test(text) ? Number(text) : undefined;
}
