/**
 * The ids of the whole system.
 *
 * A user id is a 32-bit number, so that the follow graph fits in typed arrays. Everything that has a place in
 * time (tweets, comments, likes, reposts, follow edges, notifications) has a 53-bit snowflake: exact as a
 * JavaScript number and ordered by time.
 */

/** 1 to 2^32 - 1, allocated at sign-up, never used twice. */
export type UserId = number;
/** A snowflake (see {@link snowflakeOf}). */
export type Snowflake = number;
export type TweetId = Snowflake;
export type CommentId = Snowflake;
export type RepostId = Snowflake;

/**
 * What a home timeline holds: `id` for the posting of tweet `id`, `-id` for repost `id`. The magnitude orders
 * by time; the sign says which service knows the rest. Keeping the kind in the sign keeps a ring one flat
 * Float64Array.
 */
export type ActivityId = number;

export const MAX_USER_ID = 2 ** 32 - 1;

/** Milliseconds since 1970 at which snowflakes begin: 2025-01-01T00:00:00Z. 41 bits last until 2094. */
export const SNOWFLAKE_EPOCH_MS = 1_735_689_600_000;
/** Ids per millisecond and minting process. */
export const SNOWFLAKE_SEQUENCES = 64;
/** Minting processes. */
export const SNOWFLAKE_NODES = 64;
const UNITS_PER_MS = SNOWFLAKE_SEQUENCES * SNOWFLAKE_NODES;

/** Composes a snowflake: 41 bits of milliseconds, 6 of minting process, 6 of sequence. */
export function snowflakeOf(parts: { time_ms: number; node: number; sequence: number }): Snowflake {
  return (
    (parts.time_ms - SNOWFLAKE_EPOCH_MS) * UNITS_PER_MS + parts.node * SNOWFLAKE_SEQUENCES + parts.sequence
  );
}

/** The moment (ms since 1970) that a snowflake carries. */
export function snowflakeTime(id: Snowflake): number {
  return Math.floor(id / UNITS_PER_MS) + SNOWFLAKE_EPOCH_MS;
}

/** The smallest snowflake of a moment: everything minted at or after `time_ms` is at or above it. */
export function firstSnowflakeAt(time_ms: number): Snowflake {
  return Math.max(0, (time_ms - SNOWFLAKE_EPOCH_MS) * UNITS_PER_MS);
}

const ID_PATTERN = /^[1-9]\d{0,15}$/;

/** Parses the decimal string of an API id; `undefined` where it is none. Ids beyond 2^53 - 1 name nothing. */
export function parseId(text: string): number | undefined {
  return ID_PATTERN.test(text) ? Number(text) : undefined;
}
