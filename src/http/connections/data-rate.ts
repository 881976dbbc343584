/** The lowest rate at which clients may send their requests and read their responses. */

/** So many bytes a second, after a time of grace. */
export interface DataRate {
  bytesPerSecond: number;
  grace_ms: number;
}

/** One direction of one connection, while bytes wait on the client. */
export interface Transfer {
  observed_ms: number;
  /** Bytes moved by then, and bytes moved once all that waited then has moved. */
  moved: number;
  owed: number;
  /** Below zero, the client is too slow. */
  credit_ms: number;
  /** Bytes a second, over some ten seconds; undefined until it was observed twice. */
  speed: number | undefined;
}

export type Observation = Pick<Transfer, 'observed_ms' | 'moved' | 'owed'>;

/**
 * The most credit, in grace periods. A client's kernel takes a few hundred kilobytes at once, then none until some of
 * that has been read: 30 s and more at 12 KB a second.
 */
const MAX_CREDIT = 6;
/** The time over which speed is averaged. */
const AVERAGE_MS = 10_000;

/**
 * Observes a transfer; `null` begins one. Its credit starts at the grace period. Time in which bytes wait on the
 * client uses credit up; each byte moved gives back the time it may take. So a client that keeps to the rate is never
 * cut, even if its bytes move in bursts, and one that moves nothing is cut after the grace period.
 */
export function observe(before: Transfer | null, now: Observation, rate: DataRate): Transfer {
  if (before === null) return { ...now, credit_ms: rate.grace_ms, speed: undefined };
  const elapsed_ms = now.observed_ms - before.observed_ms;
  const moved = Math.max(before.moved, now.moved);
  const bytes = moved - before.moved;
  // Once everything owed last time has moved, it is unknown how long the server has waited for the client since.
  const waited_ms = now.moved >= before.owed ? 0 : elapsed_ms;
  const credit_ms = before.credit_ms - waited_ms + (bytes / rate.bytesPerSecond) * 1_000;
  return {
    ...now,
    moved,
    credit_ms: Math.min(MAX_CREDIT * rate.grace_ms, credit_ms),
    speed: elapsed_ms > 0 ? averaged(before.speed, bytes, elapsed_ms) : before.speed,
  };
}

function averaged(before: number | undefined, bytes: number, elapsed_ms: number): number {
  const current = (bytes / elapsed_ms) * 1_000;
  if (before === undefined) return current;
  const weight = Math.min(1, elapsed_ms / AVERAGE_MS);
  return before * (1 - weight) + current * weight;
}
