import { LRUCache } from 'lru-cache';
import { WarbleError } from '#domain/errors.ts';
import type { Clock } from '#platform/clock.ts';
import { createAddressWindow } from './networks.ts';
import type { Quota } from './quota.ts';

export interface TokensDeps {
  clock: Clock;
  /** For the bad tokens of one address. */
  quota: Quota;
  /** How many addresses are counted, and how many good tokens are remembered. */
  keys: number;
}

export interface Tokens {
  /**
   * Resolves with what `lookUp` finds for a token sent from an address. Rejects with `rate_limited`, before the
   * lookup, if the address has sent too many bad tokens and this one has not been good lately.
   */
  check<Found>(
    shown: { token: string; address: string },
    lookUp: (token: string) => Promise<Found>,
  ): Promise<Found>;
  /** Remembers a newly issued token as good. */
  issued(token: string): void;
}

/** Enough to tell tokens apart, and too little to be used as one. */
const REMEMBERED_CHARACTERS = 12;

/**
 * Bounds the bad tokens that an address may send. Each is counted before it is looked up, so that many at once are
 * bounded too, and taken back if it is good. A user who shares an address with somebody who guesses tokens stays
 * signed in, since tokens that were good lately are looked up without counting.
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
        // The user has most likely signed out.
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
