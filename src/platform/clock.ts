/** Time, so that a whole system can run on a simulated one. */
export interface Clock {
  /** Milliseconds since 1970; may jump. */
  now(): number;
  /** Milliseconds from an arbitrary origin; never goes back. */
  monotonic(): number;
  /** Resolves after `duration_ms`, or at once when `signal` aborts; never rejects. */
  sleep(duration_ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (duration_ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, duration_ms);
      signal?.addEventListener('abort', done, { once: true });
    }),
};

export interface ManualClock extends Clock {
  /** Moves time forward and wakes every sleeper that is due, in order. */
  advance(duration_ms: number): void;
  /** Sets the wall clock only, as an administrator or NTP would. */
  setWall(time_ms: number): void;
}

/** A clock that stands still until it is told to move. */
export function createManualClock(start_ms: number): ManualClock {
  let elapsed = 0;
  let wallOffset = start_ms;
  const sleepers: { due: number; wake: () => void }[] = [];
  return {
    now: () => wallOffset + elapsed,
    monotonic: () => elapsed,
    sleep: (duration_ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        sleepers.push({ due: elapsed + duration_ms, wake: resolve });
        signal?.addEventListener('abort', () => resolve(), { once: true });
      }),
    advance(duration_ms) {
      elapsed += duration_ms;
      sleepers.sort((a, b) => a.due - b.due);
      while (sleepers.length > 0 && sleepers[0]!.due <= elapsed) sleepers.shift()!.wake();
    },
    setWall(time_ms) {
      wallOffset = time_ms - elapsed;
    },
  };
}
