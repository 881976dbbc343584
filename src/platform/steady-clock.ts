/**
 * The time of a whole process. The monotonic clock carries it, so it never falls and never jumps when somebody sets
 * the machine's clock, a laptop wakes up or NTP steps. The wall clock only corrects it, slowly:
 *
 * - where the wall is behind, time goes at half speed until the wall has caught up: it must not fall;
 * - where the wall is ahead, time goes a tenth faster, so that a wrong hour of two seconds moves it by 0.2 s;
 * - once the wall has kept its pace for a minute it is believed, and time goes forward to it at once, as ntpd steps
 *   only after an offset has persisted (its `stepout`). A laptop that slept all night so is right in a minute.
 */
import type { Clock } from './clock.ts';
import type { Worker } from './worker.ts';

export interface SteadyClock extends Clock {
  /** Milliseconds since 1970, whole; never falls. */
  now(): number;
  /** From now on, time is at least this: what is already on disk may be later than the wall clock. */
  notBefore(time_ms: number): void;
  /** How far the time is ahead of the wall clock, in ms; negative: behind. */
  ahead(): number;
  /** Reads the wall clock even if nobody asks for the time, since the time is corrected by these readings. */
  worker: Worker;
}

const SLOWER = 0.5;
const FASTER = 0.1;
/** How long the wall clock must keep its pace to be trusted. */
export const BELIEVED_AFTER_MS = 60_000;
/** Rounding, drift between two readings, and small steps of NTP: up to this, the wall clock is followed as it is. */
export const FOLLOWED_MS = 5;
/** One reading of the wall clock says nothing about a longer time than this. */
const LOOKED_AT_MS = 1_000;

export function createSteadyClock(clock: Clock): SteadyClock {
  let readAt = clock.monotonic();
  let carried = clock.now();
  let shown = Math.floor(carried);
  /** Wall minus monotonic clock since `pace_ms` ago, give or take FOLLOWED_MS. */
  let pace = carried - readAt;
  let pace_ms = 0;

  function correct(wall: number, elapsed: number): void {
    const looked_ms = Math.min(elapsed, LOOKED_AT_MS);
    if (Math.abs(wall - readAt - pace) <= FOLLOWED_MS) {
      pace_ms += looked_ms;
    } else {
      pace = wall - readAt;
      pace_ms = 0;
    }
    carried += Math.min(Math.max(wall - carried, -SLOWER * looked_ms), FASTER * looked_ms);
    if (pace_ms >= BELIEVED_AFTER_MS) carried = Math.max(carried, wall);
  }

  function now(): number {
    const at = clock.monotonic();
    const wall = clock.now();
    const elapsed = at - readAt;
    readAt = at;
    carried += elapsed;
    correct(wall, elapsed);
    const near = Math.min(Math.max(wall, carried - FOLLOWED_MS), carried + FOLLOWED_MS);
    shown = Math.max(shown, Math.floor(near));
    return shown;
  }

  return {
    now,
    monotonic: () => clock.monotonic(),
    sleep: (duration_ms, signal) => clock.sleep(duration_ms, signal),
    notBefore(time_ms) {
      now();
      carried = Math.max(carried, time_ms);
      shown = Math.max(shown, time_ms);
    },
    ahead: () => now() - clock.now(),
    worker: {
      name: 'clock',
      idle_ms: LOOKED_AT_MS,
      async step() {
        now();
        return false;
      },
    },
  };
}
