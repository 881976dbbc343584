import { LRUCache } from 'lru-cache';
import { WarbleError } from '#domain/errors.ts';
import type { Clock } from '#platform/clock.ts';
import type { Quota } from './limits.ts';
import { createAddressWindow } from './networks.ts';

export interface TokensDeps {
  clock: Clock;
  /** Bad tokens of one address. */
  quota: Quota;
  /** Addresses that are counted, and good tokens that are remembered. */
  keys: number;
}

export interface Tokens {
  /**
   * Resolves with what `lookUp` finds for a token that an address shows. Rejects with `rate_limited`, before it is
   * looked up, where the address has shown too many that were bad and this one was not good lately.
   */
  check<Found>(
    shown: { token: string; address: string },
    lookUp: (token: string) => Promise<Found>,
  ): Promise<Found>;
  /** Takes note of a token that was just given to somebody. */
  issued(token: string): void;
}

/** Enough to tell one token from another, and too little to be one. */
const REMEMBERED_CHARACTERS = 12;

/**
 * Bounds the tokens that an address may show in vain. They are counted before they are looked up, so that a crowd of
 * them at once is bounded too, and taken back where they are good. Whoever shares an address with somebody who guesses
 * stays signed in, since tokens that were good lately are looked up uncounted.
 */
export function createTokens({ clock, quota, keys }: TokensDeps): Tokens {
  const bad = createAddressWindow(quota, keys);
  const good = new LRUCache<string, true>({ max: keys });

  async function checkUnknown<Found>(
    name: string,
    address: string,
    lookUp: () => Promise<Found>,
  ): Promise<Found> {
    const { allowed, reset_s } = bad.take(address, clock.monotonic());
    if (!allowed) {
      const detail = 'Too many tokens from this address were not valid; wait, then sign in again.';
      throw new WarbleError('rate_limited', detail, { retryAfter_s: reset_s });
    }
    const found = await lookUp();
    bad.giveBack(address, clock.monotonic());
    good.set(name, true);
    return found;
  }

  return {
    check({ token, address }, lookUp) {
      const name = nameOf(token);
      if (good.get(name) === undefined) return checkUnknown(name, address, () => lookUp(token));
      return lookUp(token).catch((error: unknown) => {
        // Signed out, most likely.
        good.delete(name);
        bad.take(address, clock.monotonic());
        throw error;
      });
    },
    issued(token) {
      good.set(nameOf(token), true);
    },
  };
}

function nameOf(token: string): string {
  return token.slice(0, REMEMBERED_CHARACTERS);
}
