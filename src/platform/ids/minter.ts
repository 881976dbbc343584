/**
 * Mints snowflakes. A minting process holds a lease on its number; it stops before the lease ends by the
 * monotonic clock, starts above what was minted under the number before, and runs at most a second ahead.
 */
import { WarbleError } from '#contract/errors.ts';
import { SNOWFLAKE_NODES, SNOWFLAKE_SEQUENCES, type Snowflake, snowflakeOf } from '#contract/ids.ts';
import type { Clock } from '#platform/clock.ts';
import type { Worker } from '#platform/worker.ts';

/** Who mints under which number. All methods are atomic, durable when they resolve. */
export interface IdLeases {
  /**
   * Takes, for `duration_ms`, the number with the lowest high-water mark among those never used, those whose
   * lease has ended at `now_ms` and those of this very holder. `highWater_ms`: no id of that number carries a
   * later time. `undefined`: every number is taken.
   */
  acquire(request: LeaseRequest): Promise<Lease | undefined>;
  /** Extends a lease that `holder` still holds, and raises its high-water mark; false where it lost it. */
  renew(lease: { node: number; highWater_ms: number } & LeaseRequest): Promise<boolean>;
  /** Gives a number back. */
  release(lease: { node: number; holder: string; highWater_ms: number }): Promise<void>;
}
export interface LeaseRequest {
  holder: string;
  now_ms: number;
  duration_ms: number;
}
export interface Lease {
  node: number;
  highWater_ms: number;
}

export interface Minter {
  /** The next snowflake; above every earlier one of this process. Throws `unavailable` without a valid lease. */
  mint(): Snowflake;
  /** Renews the lease; to be run by the system. */
  worker: Worker;
  /** Gives the number back. */
  close(): Promise<void>;
}

const LEASE_MS = 60_000;
const STOP_BEFORE_END_MS = 5_000;
const MOST_AHEAD_MS = 1_000;
/**
 * Ids are minted only below the persisted mark, which each renewal raises this far ahead. After a crash a number
 * rests until the clock has passed its mark, so the mark is near and a restarted process takes a rested number.
 */
const MARK_AHEAD_MS = 15_000;
const RENEW_EVERY_MS = 5_000;

export interface MinterDeps {
  leases: IdLeases;
  clock: Clock;
  holder: string;
}

/** Takes a lease and starts minting. Throws `unavailable` when all numbers are taken. */
export async function createMinter({ leases, clock, holder }: MinterDeps): Promise<Minter> {
  const lease = await leases.acquire({ holder, now_ms: clock.now(), duration_ms: LEASE_MS });
  if (lease === undefined) {
    throw new WarbleError('unavailable', `All ${SNOWFLAKE_NODES} minting numbers are taken; stop a process.`);
  }
  const { node } = lease;
  let last_ms = lease.highWater_ms;
  let sequence = SNOWFLAKE_SEQUENCES;
  let mark_ms = lease.highWater_ms;
  let validUntil = 0;
  let renewedAt = Number.NEGATIVE_INFINITY;

  async function renew(): Promise<void> {
    const started = clock.monotonic();
    const now_ms = clock.now();
    const highWater_ms = Math.max(now_ms, last_ms) + MARK_AHEAD_MS;
    const held = await leases.renew({ node, holder, now_ms, duration_ms: LEASE_MS, highWater_ms });
    if (!held) throw new WarbleError('unavailable', 'This process lost its minting number; restart it.');
    mark_ms = highWater_ms;
    validUntil = started + LEASE_MS - STOP_BEFORE_END_MS;
    renewedAt = started;
  }
  await renew();

  function nextMillisecond(): void {
    const now = clock.now();
    const next = Math.max(now, last_ms + 1);
    if (next - now > MOST_AHEAD_MS) {
      throw new WarbleError('unavailable', 'Ids have run ahead of the clock; try again in a moment.');
    }
    last_ms = next;
    sequence = 0;
  }

  return {
    mint() {
      if (clock.monotonic() >= validUntil) {
        throw new WarbleError('unavailable', 'The lease for minting ids could not be renewed; try again.');
      }
      if (sequence >= SNOWFLAKE_SEQUENCES || clock.now() > last_ms) nextMillisecond();
      if (last_ms > mark_ms) {
        throw new WarbleError('unavailable', 'Ids have reached the reserved mark; try again in a moment.');
      }
      return snowflakeOf({ time_ms: last_ms, node, sequence: sequence++ });
    },
    worker: {
      name: 'id-lease',
      idle_ms: RENEW_EVERY_MS,
      async step() {
        if (clock.monotonic() - renewedAt >= RENEW_EVERY_MS) await renew();
        return false;
      },
    },
    close: () => leases.release({ node, holder, highWater_ms: last_ms }),
  };
}
