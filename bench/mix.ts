/**
 * Reads beside durable writes, open loop: 1,500 requests a second, 90% home pages and 10% posts. Rounds alternate with
 * those of two floors on the same disk, which has bad minutes of its own: a bare loop that appends and syncs as many
 * bytes, and the same load on a bare server that does so for each post.
 */
import { createSeededRandom } from '#platform/random.ts';
import type { BareLoopPlan, BareLoopResult } from './bare-loop.ts';
import type { BareServerPlan } from './bare-server.ts';
import { createCommunity } from './community.ts';
import type { MixPlan, MixResult } from './mix-load.ts';
import { percentile, printRow } from './report.ts';
import { runBeside, withServer, withServerBeside } from './server.ts';

const POST_EVERY = 10;
const ROUNDS = 3;
const WARM_S = 5;
/** Seconds of warm-up in each round, for the load generator. */
const WARM_UP_S = 2;
/** Bytes that a post adds to the write-ahead log of tweets: some 12 pages. */
const POST_BYTES = 49_152;
/** Bytes of a home page of the community. */
const PAGE_BYTES = 14_600;
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
    const mix = (seconds: number, url = plan.url) =>
      runBeside<MixResult>('mix-load.ts', { ...plan, url, seconds } satisfies MixPlan);
    const bareServer: BareServerPlan = { directory, bytes: POST_BYTES, body_bytes: PAGE_BYTES };
    const bare = { directory, seconds: round_s, perSecond: perSecond / POST_EVERY, bytes: POST_BYTES };
    await mix(WARM_S);
    const found: MixResult = { reads_ms: [], posts_ms: [], failed: 0 };
    const floor: MixResult = { reads_ms: [], posts_ms: [], failed: 0 };
    const appends: number[] = [];
    const late: number[] = [];
    let cpu_us = 0;
    for (let round = 0; round < ROUNDS; round++) {
      for (const ms of await runBeside<BareLoopResult>('bare-loop.ts', bare satisfies BareLoopPlan))
        appends.push(ms);
      add(floor, await withServerBeside('bare-server.ts', bareServer, (url) => mix(round_s, url)));
      const before = process.cpuUsage();
      add(found, await whileTicking(late, () => mix(round_s)));
      const { user, system } = process.cpuUsage(before);
      cpu_us += user + system;
    }
    const rate = `${perSecond}/s, 1 of ${POST_EVERY} posts`;
    printLatencies(`mix (${rate}): home pages`, found.reads_ms);
    printLatencies(`mix (${rate}): posts`, found.posts_ms);
    printLatencies('bare server: reads', floor.reads_ms);
    printLatencies('bare server: append and sync', floor.posts_ms);
    printLatencies('bare loop: append and sync', appends);
    printLatencies("mix: the loop's lateness", late);
    const loaded_s = seconds + ROUNDS * WARM_UP_S;
    const ratio = (share: number, to: readonly number[]) => at(found.posts_ms, share) / at(to, share);
    printRow('mix: posts', {
      'to bare server, p99': ratio(0.99, floor.posts_ms),
      'p99.9': ratio(0.999, floor.posts_ms),
      'to bare loop, p99': ratio(0.99, appends),
      'p99.9 to it': ratio(0.999, appends),
    });
    printRow('mix', {
      [`stalls over ${STALL_MS} ms a minute`]: (60 * late.filter((ms) => ms > STALL_MS).length) / loaded_s,
      cores: cpu_us / 1e6 / loaded_s,
      failed: found.failed + floor.failed,
    });
  });
}

function add(sum: MixResult, { reads_ms, posts_ms, failed }: MixResult): void {
  for (const ms of reads_ms) sum.reads_ms.push(ms);
  for (const ms of posts_ms) sum.posts_ms.push(ms);
  sum.failed += failed;
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
