/**
 * An address (IPv4, or the /64 of an IPv6 one) counts for itself, with the given bound, and a /64 also for its /48,
 * with four times that bound. A customer with an IPv6 /48 has 65,536 networks of /64; without the second bound each
 * of them would count alone. Connections, permits, request limits and attempts are all counted this way.
 */
import { createCounters } from '../admission/counters.ts';
import type { Quota } from './quota.ts';
import { createSlidingWindow, type Taken } from './sliding-window.ts';

/** The bound of a /48, in bounds of a /64. */
export const NETWORK_FACTOR = 4;
const SUFFIX = '::/64';

/** The /48 of a /64 as `addressOf` writes it: `2001:db8:1::/48`; null for an IPv4 address. */
export function networkOf(address: string): string | null {
  if (!address.endsWith(SUFFIX)) return null;
  return `${address.slice(0, address.lastIndexOf(':', address.length - SUFFIX.length - 1))}::/48`;
}

/** How many of something each address, and each /48, holds now. */
export interface AddressCounters {
  /** Whether an address, which may hold `max`, can take one more. */
  hasRoom(address: string, max: number): boolean;
  take(address: string): void;
  /** Gives one back that was taken. */
  free(address: string): void;
}

export function createAddressCounters(): AddressCounters {
  const taken = createCounters<string>();
  return {
    hasRoom(address, max) {
      if (taken.of(address) >= max) return false;
      const network = networkOf(address);
      return network === null || taken.of(network) < max * NETWORK_FACTOR;
    },
    take(address) {
      taken.take(address);
      const network = networkOf(address);
      if (network !== null) taken.take(network);
    },
    free(address) {
      taken.free(address);
      const network = networkOf(address);
      if (network !== null) taken.free(network);
    },
  };
}

/** A sliding window by address and by /48. */
export interface AddressWindow {
  /** Counts one unless the address or its /48 has used up its quota. `about`: the rest of the key. */
  take(address: string, now_ms: number, about?: string): Taken;
  /** Takes back one of those counted last. */
  giveBack(address: string, now_ms: number, about?: string): void;
}

export function createAddressWindow(quota: Quota, keys: number): AddressWindow {
  const addresses = createSlidingWindow<string>(quota, keys);
  const networks = createSlidingWindow<string>({ ...quota, quota: quota.quota * NETWORK_FACTOR }, keys);
  return {
    take(address, now_ms, about = '') {
      const taken = addresses.take(address + about, now_ms);
      const network = networkOf(address);
      if (network === null || !taken.allowed) return taken;
      const wider = networks.take(network + about, now_ms);
      if (!wider.allowed) addresses.giveBack(address + about, now_ms);
      return wider.remaining < taken.remaining || !wider.allowed ? wider : taken;
    },
    giveBack(address, now_ms, about = '') {
      addresses.giveBack(address + about, now_ms);
      const network = networkOf(address);
      if (network !== null) networks.giveBack(network + about, now_ms);
    },
  };
}
