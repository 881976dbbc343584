/** The least rate at which clients must send their requests and take their responses. */

/** So many bytes a second, after a time of grace. */
export interface DataRate {
  bytesPerSecond: number;
  grace_ms: number;
}

/** One direction of one connection, while bytes wait on the client. */
export interface Transfer {
  observed_ms: number;
  /** Bytes of the connection that had moved then, and that will have when all that waited then has. */
  moved: number;
  owed: number;
  /** Below zero, the client is too slow. */
  credit_ms: number;
  /** Bytes a second, over some ten seconds; undefined until it was observed twice. */
  speed: number | undefined;
}

export type Observation = Pick<Transfer, 'observed_ms' | 'moved' | 'owed'>;

/**
 * Credit that can be saved up, in times of grace. Clients' kernels take a few hundred kilobytes at once, and then none
 * until some of that has been read: 30 s and more at 12 KB a second.
 */
const MAX_CREDIT = 6;
/** Over how long speed is averaged. */
const AVERAGE_MS = 10_000;

/**
 * Observes a transfer, `null` for one that begins. Its credit begins at the time of grace. Time in which bytes wait on
 * the client uses it up, and each byte that moves gives back the time that it may take. So a client that keeps to the
 * rate is never cut, also where its bytes move in lumps, and one that moves nothing is cut after the time of grace.
 */
export function observe(before: Transfer | null, now: Observation, rate: DataRate): Transfer {
  if (before === null) return { ...now, credit_ms: rate.grace_ms, speed: undefined };
  const elapsed_ms = now.observed_ms - before.observed_ms;
  const moved = Math.max(before.moved, now.moved);
  const bytes = moved - before.moved;
  // Once all that was owed last time has moved, nobody knows how long the client was waited for since.
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
