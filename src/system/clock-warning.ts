/** Less is gone in a few seconds, and a process that was killed may have left so much. */
const WORTH_SAYING_MS = 2_000;

/**
 * A sentence for whoever hosts the server where its data are later than the machine's clock; undefined where they are
 * not. `ahead_ms`: by how much.
 */
export function clockWarning(ahead_ms: number): string | undefined {
  if (ahead_ms < WORTH_SAYING_MS) return undefined;
  const seconds = Math.round(ahead_ms / 1_000);
  return `the newest of the data is ${seconds} s later than this machine's clock; set the clock if it is wrong, else the server's time goes at half speed until the clock has caught up`;
}
