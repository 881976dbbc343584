/** How often homes are read from the top, for choosing between push and pull. */
import type { Clock } from '#platform/clock.ts';

export interface ReadRate {
  note(): void;
  now(): { homes: number; readsPerHomeAndDay: number };
}

const DAY_MS = 86_400_000;
/** The count decays with this half-life, so that the rate follows the time of day slowly. */
const HALF_LIFE_MS = DAY_MS / 2;
/** Assumed until there are measurements: what a daily reader may do. */
const ASSUMED_PER_DAY = 10;

export function createReadRate({ clock, homes }: { clock: Clock; homes: () => number }): ReadRate {
  const began = clock.monotonic();
  let reads = 0;
  let fadedAt = began;

  function fade(): void {
    const now = clock.monotonic();
    reads *= 0.5 ** ((now - fadedAt) / HALF_LIFE_MS);
    fadedAt = now;
  }

  return {
    note() {
      reads += 1;
    },
    now() {
      fade();
      // The weight of the time observed so far; what it lacks to the `whole` counts as assumed.
      const whole = HALF_LIFE_MS / Math.LN2;
      const observed = whole * (1 - 0.5 ** ((clock.monotonic() - began) / HALF_LIFE_MS));
      const assumed = ((whole - observed) / DAY_MS) * ASSUMED_PER_DAY;
      const perHome = homes() === 0 ? (whole / DAY_MS) * ASSUMED_PER_DAY : reads / homes() + assumed;
      return { homes: homes(), readsPerHomeAndDay: (perHome / whole) * DAY_MS };
    },
  };
}
