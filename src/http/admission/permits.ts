/** Requests that may be under way at once: a number of places, of which each address, and each /48, has a part. */
import { WarbleError } from '#domain/errors.ts';
import { createAddressTally } from '../limits/networks.ts';

/** Pictures have places of their own: they are large, so that slow clients hold theirs for long. */
export type PlaceKind = 'requests' | 'pictures';

export interface PlacesDeps {
  max: number;
  /** Of one IPv4 address or IPv6 /64, whoever they are; four times as many of a /48. */
  maxPerAddress: number;
  /** Of `max`, kept for people who are signed in. */
  keptForSignedIn: number;
}

export interface Place {
  /** Somebody who is signed in holds it. */
  signedIn(): void;
  /** Gives it back. Again: nothing. */
  free(): void;
}

export interface Places {
  /**
   * Takes a place, or returns null where none is left. `claimsSession`: the request shows a token, which nobody has
   * looked at yet. Throws `rate_limited` where its address has all of its own.
   */
  take(request: { address: string; claimsSession: boolean }): Place | null;
  taken(): number;
}

export function createPlaces({ max, maxPerAddress, keptForSignedIn }: PlacesDeps): Places {
  const ofAddress = createAddressTally();
  let taken = 0;
  let signedIn = 0;

  return {
    taken: () => taken,
    take({ address, claimsSession }) {
      if (!ofAddress.hasRoom(address, maxPerAddress)) throw noneLeft(maxPerAddress, ' from one address');
      if (taken >= max) return null;
      // A token that turns out bad counts like none.
      if (!claimsSession && taken - signedIn >= max - keptForSignedIn) return null;
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
        free() {
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

export function noneLeft(most: number, where = ''): WarbleError {
  const detail = `At most ${most} requests at once${where}; wait for some answers.`;
  return new WarbleError('rate_limited', detail, { retryAfter_s: 1 });
}
