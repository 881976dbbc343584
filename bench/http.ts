/**
 * Over real HTTP, with the load generator in a process of its own: home pages of 20 hydrated tweets against a constant
 * body of the same size from the same server, and posts with durable answers. Rounds of the two alternate, so that
 * other work on the machine affects both alike; the ratio is the median over the rounds. CPU is that of this process,
 * per answer.
 */
import type { FastifyInstance } from 'fastify';
import { createSeededRandom } from '#platform/random.ts';
import { createCommunity } from './community.ts';
import type { LoadPlan, LoadResult } from './load.ts';
import { percentile, printRow } from './report.ts';
import { runBeside, withServer } from './server.ts';

const HOME = '/api/v1/me/tweets?followed=true&limit=20';
const CONSTANT = '/bench/constant';
const ROUNDS = 5;
/** Warm-up before each pair of rows: code is compiled and caches are filled. */
const WARM_S = 3;

interface Measured extends LoadResult {
  cpu_us: number;
}
type Plan = Pick<LoadPlan, 'url' | 'tokens' | 'pipelining'>;

/** `seconds`: how long each row is measured, over all of its rounds. */
export async function benchHttp({ seconds }: { seconds: number }): Promise<void> {
  const constant = { body: Buffer.alloc(0) };
  await withServer(
    async (serving) => {
      const { tokens, fillPreviews } = await createCommunity(serving, createSeededRandom(1));
      const plan = { url: serving.url, tokens, pipelining: 1 };
      await compare('home pages', plan, constant, seconds);
      await compare('home pages, 4 pipelined', { ...plan, pipelining: 4 }, constant, seconds);
      await fillPreviews();
      await compare('home pages, all previews full', plan, constant, seconds);
      const body = { content: 'A tweet from the bench.' };
      const posts = { ...plan, method: 'POST', path: '/api/v1/postTweet', body } as const;
      await measure({ ...posts, seconds: WARM_S });
      print('posts, durable', [await measure({ ...posts, seconds })]);
    },
    { beforeListening: (app) => addConstantRoute(app, constant) },
  );
}

/** The best that the server can do: a body that is ready, through every hook that answers pass. */
function addConstantRoute(app: FastifyInstance, constant: { body: Buffer }): void {
  app.get(CONSTANT, { config: { rateLimit: 'read' } }, (_request, reply) => {
    reply.header('content-type', 'application/json; charset=utf-8');
    reply.send(constant.body);
  });
}

async function compare(what: string, plan: Plan, constant: { body: Buffer }, seconds: number): Promise<void> {
  constant.body = await pageOfMedianSize(plan);
  const floor = { ...plan, method: 'GET', path: CONSTANT, seconds: seconds / ROUNDS } as const;
  const home = { ...floor, path: HOME };
  await measure({ ...home, seconds: WARM_S });
  await measure({ ...floor, seconds: WARM_S });
  const floors: Measured[] = [];
  const homes: Measured[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    floors.push(await measure(floor));
    homes.push(await measure(home));
  }
  print(`constant body of ${constant.body.length} bytes`, floors);
  print(what, homes);
  const ratios = (of: (measured: Measured) => number) =>
    median(homes.map((measured, round) => of(measured) / of(floors[round]!)));
  printRow(`${what} to constant body`, {
    'requests/s': ratios(({ perSecond }) => perSecond),
    'by CPU': 1 / ratios(({ cpu_us }) => cpu_us),
    bytes: constant.body.length,
  });
}

async function pageOfMedianSize({ url, tokens }: Plan): Promise<Buffer> {
  const pages: Buffer[] = [];
  for (const token of tokens) {
    const answer = await fetch(url + HOME, { headers: { authorization: `Bearer ${token}` } });
    pages.push(Buffer.from(await answer.arrayBuffer()));
  }
  return pages.sort((a, b) => a.length - b.length)[pages.length >>> 1]!;
}

function print(what: string, rounds: Measured[]): void {
  const middle = (of: (measured: Measured) => number) => median(rounds.map(of));
  printRow(what, {
    'requests/s': middle(({ perSecond }) => perSecond),
    'p50 ms': middle(({ p50_ms }) => p50_ms),
    'p99 ms': middle(({ p99_ms }) => p99_ms),
    'us of CPU': middle(({ cpu_us }) => cpu_us),
    failed: rounds.reduce((sum, { failed }) => sum + failed, 0),
  });
}

function median(numbers: number[]): number {
  return percentile(
    numbers.toSorted((a, b) => a - b),
    0.5,
  );
}

async function measure(plan: LoadPlan): Promise<Measured> {
  const before = process.cpuUsage();
  const result = await runBeside<LoadResult>('load.ts', plan);
  const { user, system } = process.cpuUsage(before);
  return { ...result, cpu_us: (user + system) / result.answers };
}
