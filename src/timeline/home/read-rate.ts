/** How often homes are read from their top, for choosing between push and pull. */
import type { Clock } from '#platform/clock.ts';

export interface ReadRate {
  note(): void;
  now(): { homes: number; readsPerHomeAndDay: number };
}

const DAY_MS = 86_400_000;
/** Reads fade with this half-life, so the rate follows the day slowly. */
const HALF_LIFE_MS = DAY_MS / 2;
/** Before anything was measured: what a daily reader may do. */
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
      // The weights of `observed` time add up to this; what is missing to a whole window counts as assumed.
      const whole = HALF_LIFE_MS / Math.LN2;
      const observed = whole * (1 - 0.5 ** ((clock.monotonic() - began) / HALF_LIFE_MS));
      const assumed = ((whole - observed) / DAY_MS) * ASSUMED_PER_DAY;
      const perHome = homes() === 0 ? (whole / DAY_MS) * ASSUMED_PER_DAY : reads / homes() + assumed;
      return { homes: homes(), readsPerHomeAndDay: (perHome / whole) * DAY_MS };
    },
  };
}
