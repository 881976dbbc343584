/**
 * Reads beside durable writes, open loop: 1,500 requests a second, 90% home pages and 10% posts. Rounds alternate with
 * those of a bare loop that appends and syncs as many bytes on the same disk: a post waits at least that long, and
 * disks have bad minutes of their own.
 */
import { createSeededRandom } from '#platform/random.ts';
import type { BareLoopPlan, BareLoopResult } from './bare-loop.ts';
import { createCommunity } from './community.ts';
import type { MixPlan, MixResult } from './mix-load.ts';
import { percentile, printRow } from './report.ts';
import { runBeside, withServer } from './server.ts';

const POST_EVERY = 10;
const ROUNDS = 3;
const WARM_S = 5;
/** Seconds of warm-up in each round, for the load generator. */
const WARM_UP_S = 2;
/** Bytes that a post adds to the write-ahead log of tweets: some 12 pages. */
const POST_BYTES = 49_152;
const TICK_MS = 2;
const STALL_MS = 20;

/** `seconds`: how long each of the two is measured, over all rounds. `perSecond`: requests, 1,500 by default. */
export async function benchMix({
  seconds,
  perSecond,
}: {
  seconds: number;
  perSecond: number;
}): Promise<void> {
  await withServer(async (serving, directory) => {
    const { tokens } = await createCommunity(serving, createSeededRandom(1));
    const round_s = seconds / ROUNDS;
    const plan = { url: serving.url, tokens, perSecond, postEvery: POST_EVERY, warmUp_s: WARM_UP_S };
    const mix = (seconds: number) =>
      runBeside<MixResult>('mix-load.ts', { ...plan, seconds } satisfies MixPlan);
    const bare = { directory, seconds: round_s, perSecond: perSecond / POST_EVERY, bytes: POST_BYTES };
    await mix(WARM_S);
    const found: MixResult = { reads_ms: [], posts_ms: [], failed: 0 };
    const appends: number[] = [];
    const late: number[] = [];
    let cpu_us = 0;
    for (let round = 0; round < ROUNDS; round++) {
      for (const ms of await runBeside<BareLoopResult>('bare-loop.ts', bare satisfies BareLoopPlan))
        appends.push(ms);
      const before = process.cpuUsage();
      const { reads_ms, posts_ms, failed } = await whileTicking(late, () => mix(round_s));
      const { user, system } = process.cpuUsage(before);
      cpu_us += user + system;
      for (const ms of reads_ms) found.reads_ms.push(ms);
      for (const ms of posts_ms) found.posts_ms.push(ms);
      found.failed += failed;
    }
    const rate = `${perSecond}/s, 1 of ${POST_EVERY} posts`;
    printLatencies(`mix (${rate}): home pages`, found.reads_ms);
    printLatencies(`mix (${rate}): posts`, found.posts_ms);
    printLatencies('bare loop: append and sync', appends);
    printLatencies("mix: the loop's lateness", late);
    const loaded_s = seconds + ROUNDS * WARM_UP_S;
    const ratio = (share: number) => at(found.posts_ms, share) / at(appends, share);
    printRow('mix', {
      'posts to bare loop, p99': ratio(0.99),
      'p99.9': ratio(0.999),
      [`stalls over ${STALL_MS} ms a minute`]: (60 * late.filter((ms) => ms > STALL_MS).length) / loaded_s,
      cores: cpu_us / 1e6 / loaded_s,
      failed: found.failed,
    });
  });
}

/** Measures how late a timer of this thread fires while `body` runs. */
async function whileTicking<T>(late: number[], body: () => Promise<T>): Promise<T> {
  let last = performance.now();
  const tick = setInterval(() => {
    const now = performance.now();
    late.push(Math.max(0, now - last - TICK_MS));
    last = now;
  }, TICK_MS);
  try {
    return await body();
  } finally {
    clearInterval(tick);
  }
}

const at = (list: readonly number[], share: number) =>
  percentile(
    list.toSorted((a, b) => a - b),
    share,
  );

function printLatencies(what: string, list: readonly number[]): void {
  printRow(what, {
    count: list.length,
    'p50 ms': at(list, 0.5),
    'p99 ms': at(list, 0.99),
    'p99.9 ms': at(list, 0.999),
    'most ms': at(list, 1),
  });
}
