/**
 * Every read of the API for the most expensive reader: a user who follows 5,000, has blocked 1,000, has 5,000 unread
 * notifications, and whose tweet has 100,000 likes. CPU of the whole process per call, so that the work of other
 * threads counts too. The last rows compare that with a user who follows ten: what does not depend on the followees
 * must cost the same.
 */
import { firstSnowflakeAt, type UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Serving } from '#system/serve.ts';
import { loadFollows } from '../src/social/stores/bulk.ts';
import { inGroups } from './groups.ts';
import { printRow } from './report.ts';
import { withServer } from './server.ts';

const FOLLOWEES = LIMITS.followees;
const BLOCKED = 1_000;
const TOLD = 5_000;
/** Followees of each followee: what suggestions must scan. */
const FOLLOWED_BY_EACH = 40;
const TWEETS_EACH = 4;
const MIN_CALLS = 20;
const WALKED_PAGES = 40;
/** Beneath a home timeline's floor, only activities older than a minute are read ahead. */
const OLD_ENOUGH_MS = 62_000;
const MIN_CPU_MS = 200;
/** No read may cost more, unless it weighs more in the rate limits. */
export const DEAR_MS = 10;
const traceId = 'bench';
const WORDS = { images: [], appId: null, idempotency: null, traceId };

interface Reader {
  userId: UserId;
  token: string;
}

/** `likes`: likes of the most liked tweet. */
export async function benchWorstReader({ likes }: { likes: number }): Promise<void> {
  await withServer(async (serving) => {
    const { worst, few, star, loved } = await populate(serving, likes);
    const rows = await measureAll(serving, worst, { star, loved });
    rows.sort((a, b) => b.cpu_ms - a.cpu_ms);
    for (const { what, cpu_ms, bytes } of rows) {
      printRow(what, { 'ms of CPU': cpu_ms, bytes, ...(cpu_ms > DEAR_MS ? { dear: 'yes' } : {}) });
    }
    await walkDown(serving, worst);
    await compareFollowees(serving, worst, few);
  });
}

async function populate(serving: Serving, likes: number) {
  const { system } = serving;
  const { social, tweets, engagement } = system.services;
  const worst = await signUp(serving, 'worst');
  const few = await signUp(serving, 'few');
  const crowd = Math.max(likes, FOLLOWEES) + BLOCKED;
  const user = (index: number) => 1_000_000 + index;
  /** Users who are not blocked, followees first. */
  const friend = (index: number) => user(index < FOLLOWEES ? index : index + BLOCKED);
  const time = Date.now();
  await inGroups(crowd, (i) =>
    social.createUser({ userId: user(i), handle: `p${i}`, name: `User ${i}`, time }),
  );
  // These are loaded without events, hence before the followees: views and follower lists read them on demand.
  const star = user(0);
  const began = firstSnowflakeAt(time - 60_000);
  const graph = Array.from({ length: FOLLOWEES * FOLLOWED_BY_EACH }, (_, i) => ({
    follower: user(i % FOLLOWEES),
    followee: user((i * 7_919) % crowd),
    id: began + i,
  }));
  const fans = Array.from({ length: crowd - 1 }, (_, i) => ({
    follower: user(i + 1),
    followee: star,
    id: began + graph.length + i,
  }));
  for (const part of chunks([...graph, ...fans], 20_000)) {
    await loadFollows(system.stores.social.db, part);
    // Lets background work run, such as the minter.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }

  for (const [{ userId: follower }, followees] of [
    [worst, FOLLOWEES],
    [few, 10],
  ] as const) {
    await inGroups(followees, (i) => social.follow({ follower, followee: user(i), private: false, traceId }));
  }
  await inGroups(BLOCKED, (i) => social.block({ userId: worst.userId, other: user(FOLLOWEES + i), traceId }));
  const loved = (await tweets.post({ author: worst.userId, content: 'Loved by all', ...WORDS })).tweetId;
  await inGroups(likes, (i) => engagement.like({ actor: friend(i), tweetId: loved, traceId }));
  for (let i = 0; i < 200; i++) await tweets.post({ author: worst.userId, content: `Tweet ${i}`, ...WORDS });
  await inGroups(500, (i) =>
    engagement.comment({
      actor: user(i),
      tweetId: loved,
      content: 'Indeed',
      idempotency: null,
      traceId,
    }),
  );
  for (let round = 0; round < TWEETS_EACH; round++) {
    await inGroups(FOLLOWEES, (i) => tweets.post({ author: user(i), content: `Round ${round}`, ...WORDS }));
    // The ten followees alone post as much as a home timeline holds.
    await inGroups(LIMITS.homeTimeline / TWEETS_EACH, (i) =>
      tweets.post({ author: user(i % 10), content: `More ${round}`, ...WORDS }),
    );
  }
  for (const handle of ['worst', 'few']) {
    await inGroups(TOLD, (i) =>
      tweets.post({ author: user(i % 5_000), content: `Hello @${handle}`, ...WORDS }),
    );
  }
  await settled(serving);
  await new Promise((resolve) => setTimeout(resolve, OLD_ENOUGH_MS));
  return { worst, few, star, loved };
}

async function signUp({ api }: Serving, handle: string): Promise<Reader> {
  const account = { handle, password: 'a bench is for sitting on', name: handle };
  const from = { device: 'bench', client: { address: 'bench' } };
  const { userId, token } = await api.accounts.signUp({ ...account, ...from });
  return { userId, token };
}

/** Waits until every view has folded everything. */
async function settled({ system }: Serving): Promise<void> {
  for (const view of Object.values(system.views)) {
    while ((await view.status()).lag > 0) await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

interface Row {
  what: string;
  cpu_ms: number;
  bytes: number;
}

function callsOf({ star, loved }: { star: UserId; loved: number }): string[] {
  return [
    '/me',
    '/sessions',
    '/me/tweets?followed=true&limit=20',
    '/me/tweets?followed=true&limit=100',
    '/me/tweets?followed=true&own=true&limit=100',
    '/me/tweets?followed=true&order=top&k=100',
    '/me/tweets?followed=true&order=top&k=100&window=24h',
    '/me/tweets?limit=100',
    `/${star}/tweets?limit=100`,
    '/tweets?limit=100',
    `/tweets/${loved}`,
    `/tweets/${loved}/likes?limit=100`,
    `/tweets/${loved}/comments?limit=100`,
    `/tweets/${loved}/reposts?limit=100`,
    '/me/profile',
    `/${star}/profile`,
    `/${star}/followers?limit=100`,
    `/${star}/following?limit=100`,
    '/me/followers?limit=100',
    '/me/following?limit=100',
    '/me/follow-requests?limit=100',
    '/me/blocks?limit=100',
    '/me/mutes?limit=100',
    '/me/notifications?limit=1',
    '/me/notifications?limit=20',
    '/me/notifications?limit=100',
    '/me/notification-settings',
    '/me/suggestions?limit=100',
    `/${star}/mutuals?limit=100`,
    `/${star}/followers-you-know?limit=100`,
    '/lookup?handle=p1',
  ];
}

async function measureAll(
  serving: Serving,
  reader: Reader,
  about: { star: UserId; loved: number },
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const path of callsOf(about)) {
    rows.push(await measure(path, () => get(serving, reader, path)));
    const deep = await lastPage(serving, reader, path);
    if (deep !== path) rows.push(await measure(`${path} (a later page)`, () => get(serving, reader, deep)));
  }
  const { notifications } = serving.system.services;
  const ask = { userId: reader.userId };
  rows.push(await measure('counts event of a stream', () => notifications.unread(ask).then(JSON.stringify)));
  return rows;
}

/** Some pages further down, beneath what a home timeline holds. */
async function lastPage(serving: Serving, reader: Reader, path: string): Promise<string> {
  let page = path;
  for (let pages = 0; pages < 12; pages++) {
    const { nextCursor } = JSON.parse(await get(serving, reader, page)) as { nextCursor?: string | null };
    if (nextCursor == null) break;
    page = `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(nextCursor)}`;
  }
  return page;
}

async function get({ api }: Serving, { token }: Reader, path: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await api.app.inject({ method: 'GET', url: `/api/v1${path}`, headers });
  if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode} ${answer.payload}`);
  return answer.payload;
}

async function measure(what: string, call: () => Promise<string>): Promise<Row> {
  const { length: bytes } = await call();
  for (let i = 0; i < 3; i++) await call();
  let calls = 0;
  let cpu_ms = 0;
  while (calls < MIN_CALLS && (calls < 5 || cpu_ms < MIN_CPU_MS)) {
    const before = process.cpuUsage();
    await call();
    const { user, system } = process.cpuUsage(before);
    cpu_ms += (user + system) / 1_000;
    calls++;
  }
  return { what: what.padEnd(62), cpu_ms: cpu_ms / calls, bytes };
}

/** Pages of a home in turn, from the top to well beneath the floor, each once. */
async function walkDown(serving: Serving, reader: Reader): Promise<void> {
  const first = '/me/tweets?followed=true&limit=100';
  const costs: number[] = [];
  let path: string | null = first;
  while (path !== null && costs.length < WALKED_PAGES) {
    const before = process.cpuUsage();
    const { nextCursor } = JSON.parse(await get(serving, reader, path)) as { nextCursor?: string | null };
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / 1_000);
    path = nextCursor == null ? null : `${first}&cursor=${encodeURIComponent(nextCursor)}`;
  }
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  printRow(`${first}, ${costs.length} pages in turn`, {
    'ms of CPU': total / costs.length,
    dearest: Math.max(...costs),
  });
}

/** Compares the user who follows 5,000 with the one who follows ten, in turn. */
async function compareFollowees(serving: Serving, worst: Reader, few: Reader): Promise<void> {
  const { notifications } = serving.system.services;
  const compared: [string, (reader: Reader) => Promise<string>][] = [
    ['notifications, 5,000 to 10 followees', (reader) => get(serving, reader, '/me/notifications?limit=20')],
    [
      'counts event, 5,000 to 10 followees',
      ({ userId }) => notifications.unread({ userId }).then(JSON.stringify),
    ],
  ];
  for (const [what, call] of compared) {
    const [many, ten] = [[] as number[], [] as number[]];
    for (let round = 0; round < 7; round++) {
      many.push((await measure(what, () => call(worst))).cpu_ms);
      ten.push((await measure(what, () => call(few))).cpu_ms);
    }
    const [a, b] = [median(many), median(ten)];
    printRow(what, { 'ms of CPU, 5,000': a, 'ms of CPU, 10': b, ratio: a / b });
  }
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >>> 1]!;
}

function* chunks<T>(all: readonly T[], size: number): Generator<T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}
