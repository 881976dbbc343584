/** Requests that may be under way at once: a number of permits, a share of which each address, and each /48, may hold. */
import { WarbleError } from '#domain/errors.ts';
import { createAddressCounters } from '../limits/networks.ts';

/** Pictures have permits of their own: they are large, so that slow clients hold theirs for long. */
export const PERMIT_KINDS = ['requests', 'pictures'] as const;
export type PermitKind = (typeof PERMIT_KINDS)[number];

export interface PermitsDeps {
  max: number;
  /** Of one IPv4 address or IPv6 /64, whoever they are; four times as many of a /48. */
  maxPerAddress: number;
  /** Of `max`, kept for users who are signed in. */
  reservedForSignedIn: number;
}

export interface Permit {
  /** Somebody who is signed in holds it. */
  signedIn(): void;
  /** Gives it back. Again: nothing. */
  release(): void;
}

export interface Permits {
  /**
   * Takes a permit, or returns null where none is left. `claimsSession`: the request shows a token, which nobody has
   * looked at yet. Throws `rate_limited` where its address has all of its own.
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
      // A token that turns out bad counts like none.
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
