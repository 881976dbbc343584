import { WarbleError } from '#contract/errors.ts';
import type { UserId } from '#contract/ids.ts';
import { createTally } from '../tally.ts';

export interface UploadPlaces {
  /** Takes a place until the function that it returns is called. Throws `rate_limited` or `overloaded`. */
  enter(owner: UserId): () => void;
}

export interface UploadPlacesDeps {
  /** Uploads at once: each holds its file in memory, 8 MiB at most, however slowly it comes. */
  most?: number;
  /** Of one person: as many as a tweet has pictures. */
  each?: number;
}

/** Bounds the memory that uploads take together, and what one person can take of it. */
export function createUploadPlaces({ most = 24, each = 4 }: UploadPlacesDeps = {}): UploadPlaces {
  const taken = createTally<UserId>();
  let all = 0;
  return {
    enter(owner) {
      if (taken.of(owner) >= each) {
        throw new WarbleError('rate_limited', `At most ${each} uploads at once; wait for one to be done.`, {
          retryAfter_s: 1,
        });
      }
      if (all >= most)
        throw new WarbleError('overloaded', 'Too many uploads at once; try again in a moment.');
      taken.take(owner);
      all += 1;
      return () => {
        taken.free(owner);
        all -= 1;
      };
    },
  };
}
