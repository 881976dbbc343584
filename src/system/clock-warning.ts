/** A smaller difference passes within seconds, and may be left by a process that was killed. */
const WORTH_SAYING_MS = 2_000;

/**
 * A warning for the host where the data are later than the machine's clock, by `ahead_ms`; undefined where they are
 * not.
 */
export function clockWarning(ahead_ms: number): string | undefined {
  if (ahead_ms < WORTH_SAYING_MS) return undefined;
  const seconds = Math.round(ahead_ms / 1_000);
  return `the newest of the data is ${seconds} s later than this machine's clock; set the clock if it is wrong, else the server's time goes at half speed until the clock has caught up`;
}
