/**
 * Measures top lists over a million tweets, in CPU time: folding, the first scan, changes, home top lists.
 * `node bench/top-lists.ts [tweets] [share of tweets with likes]`; figures are in docs/decisions/0030-top-lists.md.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PARTITIONS, partitionOf } from '#domain/events.ts';
import { firstSnowflakeAt, type UserId } from '#domain/ids.ts';
import { WINDOW_MS, type Window } from '#domain/limits.ts';
import { createChangeTeller } from '#platform/change-source.ts';
import { systemClock } from '#platform/clock.ts';
import { createSeededRandom } from '#platform/random.ts';
import { createInThreadDisk } from '#platform/sqlite/in-thread-disk.ts';
import { createFolloweeSets } from '#timeline/home/followee-set.ts';
import { createMemoryTopSnapshots } from '#timeline/stores/memory/top-snapshots.ts';
import { openSqliteTopListsStore } from '#timeline/stores/sqlite/top-lists.ts';
import { createAuthorTops } from '#timeline/top/author-tops.ts';
import { createDirtySet, withDirtySet } from '#timeline/top/dirty-set.ts';
import { createGlobalTop } from '#timeline/top/global-top.ts';
import { createHomeTop } from '#timeline/top/home-top.ts';
import type { TopPatch } from '#timeline/top/top-lists-store.ts';

const TWEETS = Number(process.argv[2] ?? 1_000_000);
const LIKED = Number(process.argv[3] ?? 0.3);
const AUTHORS = 200_000;
const DAYS = 30;
const BATCH = 1_000;

const directory = mkdtempSync(join(tmpdir(), 'warble-bench-'));
const path = join(directory, 'top-lists.db');
const store = openSqliteTopListsStore({ path, disk: createInThreadDisk() });
const random = createSeededRandom(1);
const dirtySet = createDirtySet();
const authorTops = createAuthorTops({ store });
const view = withDirtySet(store.view, dirtySet);

/** Draws from a heavy tail: most are small, a few very large. */
const heavy = (max: number) => Math.floor(Math.min(max, 1 / (1 - random.next()) ** 1.2));
/** A quarter of the users posts 97 % of the tweets, the busiest of them some 150 a day. */
const author = (): UserId =>
  random.next() < 0.97
    ? 1 + Math.floor((AUTHORS / 4) * random.next() ** 2)
    : 1 + Math.floor(AUTHORS * (0.25 + 0.75 * random.next()));

/** CPU time of this process (ms): other work on the machine does not count. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function say(what: string, started: number, per?: { count: number; of: string }): void {
  const ms = cpu() - started;
  const each = per ? `, ${((ms * 1000) / per.count).toFixed(2)} us per ${per.of}` : '';
  console.log(`${what}: ${ms.toFixed(1)} ms${each}`);
}

const positions = new Map<number, number>();
async function commit(partition: number, patch: Partial<TopPatch>): Promise<void> {
  const at = positions.get(partition) ?? 0;
  const { epoch, live } = at === 0 ? await view.claim(partition) : await view.load(partition);
  const whole = { ranks: [], gone: [], authors: [], ...patch };
  const { generation, positions: expected } = live;
  const next = { tweets: at + 1 };
  if (!(await view.commit({ partition, epoch, generation, expected, next, patch: whole })))
    throw new Error('refused');
  positions.set(partition, at + 1);
}

async function fill(): Promise<void> {
  const patches = Array.from({ length: PARTITIONS }, (): TopPatch => ({ ranks: [], gone: [], authors: [] }));
  for (let userId = 1; userId <= AUTHORS; userId++) {
    const patch = patches[partitionOf(userId)]!;
    patch.authors.push({ author: userId, followers: heavy(100_000), listed: random.integer(20) > 0 });
  }
  const first = firstSnowflakeAt(Date.now() - DAYS * 86_400_000);
  const span = firstSnowflakeAt(Date.now()) - first;
  for (let i = 0; i < TWEETS; i++) {
    const userId = author();
    const tweetId = first + Math.floor((span * i) / TWEETS);
    const likes = random.next() < LIKED ? heavy(50_000) : 0;
    patches[partitionOf(userId)]!.ranks.push({ tweetId, author: userId, likes });
  }
  const started = cpu();
  for (const [partition, { ranks, authors }] of patches.entries()) {
    for (let at = 0; at < Math.max(ranks.length, authors.length); at += BATCH) {
      await commit(partition, { ranks: ranks.slice(at, at + BATCH), authors: authors.slice(at, at + BATCH) });
    }
  }
  say(`folding ${TWEETS} tweets and ${AUTHORS} authors`, started, { count: TWEETS, of: 'tweet' });
}

await fill();
console.log(`on disk: ${(statSync(path).size / 1e6).toFixed(0)} MB; likes on ${LIKED * 100} % of the tweets`);

const snapshots = createMemoryTopSnapshots({ clock: systemClock });
const globalTop = createGlobalTop({
  store,
  snapshots,
  dirtySet,
  clock: systemClock,
  random,
  isWhole: () => true,
});
while (!dirtySet.empty()) {
  dirtySet.takeReset();
  dirtySet.take(100_000);
}
let started = cpu();
let steps = 0;
let longest = 0;
while (globalTop.isFilling()) {
  const step = cpu();
  await globalTop.worker.step();
  longest = Math.max(longest, cpu() - step);
  steps++;
}
say(`first snapshots in ${steps} steps, the longest of ${longest.toFixed(1)} ms`, started);

/** Makes random changes, then steps until they are applied. */
async function change(what: string, count: number, patchOf: (userId: UserId) => Partial<TopPatch>) {
  for (let i = 0; i < count; i++) {
    const userId = some[i]!;
    await commit(partitionOf(userId), patchOf(userId));
  }
  started = cpu();
  while (!dirtySet.empty()) await globalTop.worker.step();
  say(`taking in ${count} ${what}`, started, { count, of: 'change' });
}
const some = Array.from({ length: 2_000 }, author);
const now = () => firstSnowflakeAt(Date.now()) + random.integer(4096);
for (const what of ['likes of authors not met before', 'likes of authors met before']) {
  await change(what, some.length, (userId) => ({
    ranks: [{ tweetId: now(), author: userId, likes: heavy(50_000) }],
  }));
}
await change('changed follower counts', some.length, (userId) => ({
  authors: [{ author: userId, followers: heavy(100_000), listed: true }],
}));
await systemClock.sleep(1_100);
await commit(0, { authors: [{ author: 16, followers: 0, listed: true }] });
started = cpu();
await globalTop.worker.step();
say('one step that makes three snapshots', started);

const followees = [...new Set(Array.from({ length: 20_000 }, author))].slice(0, 5_000);
const social = {
  followeesOf: async () => ({
    followees: followees.map((userId) => ({ userId, id: 1, muted: false, repostsHidden: false })),
  }),
};
const followeeSets = createFolloweeSets({ social, changes: createChangeTeller({ soleOwner: true }) });
const openHomeTop = createHomeTop({ followeeSets, authorTops, clock: systemClock, isWhole: () => true });
for (const window of Object.keys(WINDOW_MS) as Window[]) {
  for (const state of ['cold', 'warm', 'warm again']) {
    started = cpu();
    const ids = await (await openHomeTop({ reader: 1, window, own: false })).take(100);
    say(`home top 100 of ${followees.length} followees, ${window}, ${state} (${ids.length})`, started);
  }
}
console.log(`memory: ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB resident`);
await store.db.close();
rmSync(directory, { recursive: true });
