/**
 * Bounds the requests under way at once: each holds a permit, and one address, or one /48, may hold only a share of
 * them.
 */
import { WarbleError } from '#domain/errors.ts';
import { createAddressCounters } from '../limits/networks.ts';

/** Pictures have permits of their own: they are large, so slow clients hold them for long. */
export const PERMIT_KINDS = ['requests', 'pictures'] as const;
export type PermitKind = (typeof PERMIT_KINDS)[number];

export interface PermitsDeps {
  max: number;
  /** For one IPv4 address or IPv6 /64, whichever users send from it; four times as many for a /48. */
  maxPerAddress: number;
  /** The part of `max` that only signed-in users may take. */
  reservedForSignedIn: number;
}

export interface Permit {
  /** Marks its holder as signed in. */
  signedIn(): void;
  /** Gives it back. A second call does nothing. */
  release(): void;
}

export interface Permits {
  /**
   * Takes a permit; null if none is left. `claimsSession`: the request carries a token that has not been checked yet.
   * Throws `rate_limited` if the address holds its whole share.
   */
  acquire(request: { address: string; claimsSession: boolean }): Permit | null;
  held(): number;
}

export function createPermits({ max, maxPerAddress, reservedForSignedIn }: PermitsDeps): Permits {
  const ofAddress = createAddressCounters();
  let taken = 0;
  let signedIn = 0;

  return {
    held: () => taken,
    acquire({ address, claimsSession }) {
      if (!ofAddress.hasRoom(address, maxPerAddress)) throw noPermitLeft(maxPerAddress, ' from one address');
      if (taken >= max) return null;
      // A token that turns out to be bad counts as none.
      if (!claimsSession && taken - signedIn >= max - reservedForSignedIn) return null;
      ofAddress.take(address);
      taken++;
      let isSignedIn = false;
      let isFree = false;
      return {
        signedIn() {
          if (isSignedIn || isFree) return;
          isSignedIn = true;
          signedIn++;
        },
        release() {
          if (isFree) return;
          isFree = true;
          ofAddress.free(address);
          taken--;
          if (isSignedIn) signedIn--;
        },
      };
    },
  };
}

export function noPermitLeft(max: number, where = ''): WarbleError {
  const detail = `At most ${max} requests at once${where}; wait for some responses.`;
  return new WarbleError('rate_limited', detail, { retryAfter_s: 1 });
}
