/**
 * When the answers leave that refuse somebody a request that is one too many (429). A client that asks again as soon
 * as it is refused would otherwise have the one thread refuse it thousands of times a second.
 */
import type { Clock } from '#platform/clock.ts';
import { createAddressCounters, createAddressWindow } from './networks.ts';

export interface RefusalPacingDeps {
  clock: Clock;
  /** Addresses whose refusals are counted. */
  keys: number;
}

/**
 * `now`: the response may leave at once. A promise: when that has resolved. `hang up`: the response may leave at once, and
 * nothing more is to be read from its connection, since too many wait already.
 */
export type RefusalTurn = 'now' | 'hang up' | Promise<void>;

export interface RefusalPacing {
  /** Takes the next turn of an address (as `countedAddress` gives it). */
  turnOf(address: string): RefusalTurn;
}

/** Refusals of an address that leave at once: all, for a client that does as `Retry-After` says. */
const IMMEDIATE_QUOTA = { quota: 20, window_ms: 15_000 };
/** How long all others wait at least, and how far apart those of one address leave: so they never come in a crowd. */
const DELAY_MS = 250;
const APART_MS = 4;
/** Refusals of one address that may wait, as many as it may have connections; of an IPv6 /48 four times as many. */
const MAX_WAITING_OF_ADDRESS = 256;
/** Of all addresses: some 10 KB of memory each. */
const MAX_WAITING = 4_096;

export function createRefusalPacing({ clock, keys }: RefusalPacingDeps): RefusalPacing {
  const immediate = createAddressWindow(IMMEDIATE_QUOTA, keys);
  const waiting = createAddressCounters();
  let allWaiting = 0;
  /** When the last one of each address that has any leaves (monotonic ms). */
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
