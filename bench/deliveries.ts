/**
 * Deliveries per second from queue to home timeline: a graph with a Twitter-like tail is loaded in bulk, all homes are
 * opened, tweets are posted (durably, before the clock starts), and then fan-out runs alone until every follower has
 * them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#platform/clock.ts';
import { createSeededRandom, type Random } from '#platform/random.ts';
import type { Database } from '#platform/sqlite/database.ts';
import { type BulkFollow, loadFollows, whileUnindexed } from '#social/stores/bulk.ts';
import { createSystem, type System } from '#system/system.ts';
import { percentile, printRow } from './report.ts';
import { type BulkGraph, twitterLikeGraph } from './twitter-graph.ts';

export interface DeliveriesSize {
  users: number;
  follows: number;
  tweets: number;
}

const BATCH = 100_000;
const MAX_CONCURRENT = 250;
const traceId = 'bench';

export async function benchDeliveries(size: DeliveriesSize): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'warble-bench-'));
  const random = createSeededRandom(1);
  const system = await createSystem({ file: (name) => join(directory, name), clock: systemClock, random });
  try {
    const graph = twitterLikeGraph(size.users, size.follows, random);
    await load(system, graph);
    await openHomes(system, size.users);
    await idle(system);
    const owed = await post(system, graph, size.tweets, random);
    await measure(system, owed, size);
  } finally {
    await system.close();
    rmSync(directory, { recursive: true });
  }
}

async function load(system: System, graph: BulkGraph): Promise<void> {
  const started = performance.now();
  const { social } = system.services;
  const time = Date.now();
  for (let start = 1; start <= graph.users; start += 1_000) {
    const end = Math.min(graph.users, start + 999);
    const users = Array.from({ length: end - start + 1 }, (_, i) => start + i);
    await Promise.all(
      users.map((userId) => social.createUser({ userId, handle: `u${userId}`, name: '', time })),
    );
  }
  const usersMade = performance.now();
  const { db } = system.stores.social;
  const edges = await whileUnindexed(db, () => loadEdges(db, graph));
  const largest = graph.followers.reduce((max, followers) => Math.max(max, followers.length), 0);
  printRow('graph loaded', {
    users: graph.users,
    follows: edges,
    'most followers': largest,
    's for users': (usersMade - started) / 1000,
    's for follows': (performance.now() - usersMade) / 1000,
  });
}

/** Loads follows in the table's order, by followee and follower. Returns how many there are. */
async function loadEdges(db: Database, graph: BulkGraph): Promise<number> {
  let batch: BulkFollow[] = [];
  let id = 1;
  let edges = 0;
  for (const [followee, followers] of graph.followers.entries()) {
    for (const follower of followers) {
      if (follower !== followee) batch.push({ follower: follower + 1, followee: followee + 1, id: id++ });
      if (batch.length < BATCH) continue;
      edges += await loadFollows(db, batch);
      batch = [];
    }
  }
  return edges + (await loadFollows(db, batch));
}

async function openHomes(system: System, users: number): Promise<void> {
  const started = performance.now();
  for (const worker of system.fanout.workers) await worker.step();
  for (let reader = 1; reader <= users; reader++) {
    await system.services.timeline.home({ reader, own: false, position: null, limit: 1 });
  }
  printRow('homes opened', { homes: users, s: (performance.now() - started) / 1000 });
}

/** Posts by authors drawn by Zipf's law from the most followed quarter, as in the demo. Returns the deliveries due. */
async function post(system: System, graph: BulkGraph, tweets: number, random: Random): Promise<number> {
  const active = Math.floor(graph.users / 4);
  let owed = 0;
  const times: number[] = [];
  const started = performance.now();
  for (let posted = 0; posted < tweets; posted += MAX_CONCURRENT) {
    await Promise.all(
      Array.from({ length: Math.min(MAX_CONCURRENT, tweets - posted) }, async () => {
        const author = Math.floor(active ** random.next());
        owed += graph.followers[author]!.length;
        const began = performance.now();
        await system.services.tweets.post({
          author: author + 1,
          content: 'A tweet that many users are waiting for, more or less.',
          images: [],
          appId: null,
          idempotency: null,
          traceId,
        });
        times.push(performance.now() - began);
      }),
    );
  }
  times.sort((a, b) => a - b);
  const seconds = (performance.now() - started) / 1000;
  printRow(`posts, ${MAX_CONCURRENT} at once, in process`, {
    'posts/s': tweets / seconds,
    'p50 ms': percentile(times, 0.5),
    'p99 ms': percentile(times, 0.99),
  });
  return owed;
}

async function idle(system: System): Promise<void> {
  for (const worker of system.fanout.workers) while (await worker.step());
}

async function measure(system: System, owed: number, size: DeliveriesSize): Promise<void> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  await idle(system);
  const seconds = (performance.now() - started) / 1000;
  const { user, system: kernel } = process.cpuUsage(cpu);
  printRow('deliveries, queue to home timeline', {
    tweets: size.tweets,
    deliveries: owed,
    s: seconds,
    'deliveries/s': owed / seconds,
    'deliveries/s of CPU': owed / ((user + kernel) / 1e6),
  });
}
