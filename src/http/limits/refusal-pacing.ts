/**
 * Decides when responses of 429 leave. Otherwise a client that retries as soon as it is refused would make the one
 * thread refuse it thousands of times a second.
 */
import type { Clock } from '#platform/clock.ts';
import { createAddressCounters, createAddressWindow } from './networks.ts';

export interface RefusalPacingDeps {
  clock: Clock;
  /** How many addresses have their refusals counted. */
  keys: number;
}

/**
 * `now`: the response may leave at once. A promise: once it has resolved. `hang up`: the response may leave at once,
 * but nothing more may be read from its connection, since too many wait already.
 */
export type RefusalTurn = 'now' | 'hang up' | Promise<void>;

export interface RefusalPacing {
  /** Takes the next turn of an address (as `countedAddress` gives it). */
  turnOf(address: string): RefusalTurn;
}

/** Refusals of an address that leave at once: all of them, for a client that obeys `Retry-After`. */
const IMMEDIATE_QUOTA = { quota: 20, window_ms: 15_000 };
/**
 * The others wait at least this long, and those of one address leave this far apart, so that retries never come in a
 * burst.
 */
const DELAY_MS = 250;
const APART_MS = 4;
/**
 * The most refusals of one address that may wait, the same as its connections; four times as many for an IPv6 /48.
 */
const MAX_WAITING_OF_ADDRESS = 256;
/** The most that may wait in all, at some 10 KB of memory each. */
const MAX_WAITING = 4_096;

export function createRefusalPacing({ clock, keys }: RefusalPacingDeps): RefusalPacing {
  const immediate = createAddressWindow(IMMEDIATE_QUOTA, keys);
  const waiting = createAddressCounters();
  let allWaiting = 0;
  /** By address: when its last waiting refusal leaves (monotonic ms). */
  const last = new Map<string, number>();

  async function wait(address: string): Promise<void> {
    const now = clock.monotonic();
    const leaves = Math.max(now + DELAY_MS, (last.get(address) ?? 0) + APART_MS);
    last.set(address, leaves);
    waiting.take(address);
    allWaiting++;
    await clock.sleep(leaves - now);
    allWaiting--;
    waiting.free(address);
    if (last.get(address) === leaves) last.delete(address);
  }

  return {
    turnOf(address) {
      if (immediate.take(address, clock.monotonic()).allowed) return 'now';
      if (allWaiting >= MAX_WAITING || !waiting.hasRoom(address, MAX_WAITING_OF_ADDRESS)) return 'hang up';
      return wait(address);
    },
  };
}
