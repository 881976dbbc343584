/** Generates a community in a data directory, through the services, on a clock that ends at the present. */
import { pino } from 'pino';
import { createPasswordHasher, type PasswordHasher } from '#accounts/password-hasher.ts';
import type { UserId } from '#domain/ids.ts';
import { createManualClock, type ManualClock } from '#platform/clock.ts';
import { createSeededRandom, type Random, systemRandom } from '#platform/random.ts';
import type { DataDirectory } from '../data-directory.ts';
import { openManifest } from '../manifest.ts';
import { createPublicApi } from '../public-api.ts';
import { createSystem } from '../system.ts';
import { checkCommunity } from './check.ts';
import { followersIn, type Graph, generateGraph, readGraph } from './graph.ts';
import { loadCommunity } from './load.ts';
import { type PlannedAction, planCommunity } from './plan.ts';
import { createProgress } from './progress.ts';
import { handleFor, nameFor } from './words.ts';

export interface FillOptions {
  /** A file with an edge list; null: a generated graph of `users`. */
  graph: string | null;
  undirected: boolean;
  users: number;
  tweets: number;
  seed: number;
  /** Compare every home and top list with a plain computation before serving. */
  check: boolean;
}

/** The mark of a filled directory: how to sign in, and what it contains. */
export interface DemoMark {
  handle: string;
  password: string;
  people: number;
  tweets: number;
}

const WEEK_MS = 7 * 86_400_000;
const MEAN_FOLLOWS = 30;
const PASSWORD = 'early-bird-warbles';
/** Per tweet. */
const LIKES = 4;
const COMMENTS = 0.5;
const REPOSTS = 0.4;

/**
 * Fills a directory. `onFilled` is called as soon as the data is complete, and before the check, so that a check that
 * is aborted leaves complete data. Throws AssertionError where the check finds a difference.
 */
export async function fillCommunity(
  directory: DataDirectory,
  options: FillOptions,
  onFilled: (mark: DemoMark) => void = () => {},
): Promise<DemoMark> {
  const random = createSeededRandom(options.seed);
  const graph =
    options.graph === null
      ? generateGraph(options.users, MEAN_FOLLOWS, random)
      : await readGraph(options.graph, options.undirected);
  const handles = Array.from({ length: graph.users }, (_, user) => handleFor(user));
  const end_ms = Date.now();
  const clock = createManualClock(end_ms - WEEK_MS);
  const size = {
    tweets: options.tweets,
    likes: options.tweets * LIKES,
    comments: Math.round(options.tweets * COMMENTS),
    reposts: Math.round(options.tweets * REPOSTS),
  };
  const span = { start_ms: end_ms - WEEK_MS + 60_000, end_ms };
  const actions = planCommunity(graph, size, span, random);
  console.error(
    `Making a community of ${graph.users} people, ${graph.from.length} follows, ${size.tweets} tweets (seed ${options.seed}).`,
  );
  const famous = mostFollowed(graph);
  const mark = { handle: handles[famous]!, password: PASSWORD, people: graph.users, tweets: size.tweets };
  await fill({ directory, options, graph, handles, actions, clock, random, onFilled: () => onFilled(mark) });
  return mark;
}

interface FillDeps {
  directory: DataDirectory;
  options: FillOptions;
  graph: Graph;
  handles: string[];
  actions: PlannedAction[];
  clock: ManualClock;
  random: Random;
  onFilled: () => void;
}

async function fill(deps: FillDeps): Promise<void> {
  const { directory, options, graph, handles, actions, clock, random, onFilled } = deps;
  openManifest({ path: directory.path, random: systemRandom });
  const system = await createSystem({ file: directory.file, clock, random });
  const api = await createPublicApi({
    system,
    config: { rateLimits: 'off', quotas: {}, trustedProxies: [], metricsToken: null },
    directory,
    random: systemRandom,
    logger: pino({ level: 'silent' }),
    version: '',
    hasher: hashOnce(createPasswordHasher({ random: systemRandom })),
  });
  try {
    const userIds: UserId[] = [];
    const signingUp = createProgress('signing up', graph.users);
    for (const [user, handle] of handles.entries()) {
      const { userId } = await api.accounts.signUp({
        handle,
        password: PASSWORD,
        name: nameFor(user, random),
        device: 'demo',
        client: { address: 'demo' },
      });
      userIds.push(userId);
      signingUp(user + 1);
    }
    const loaded = await loadCommunity({
      system,
      clock,
      random,
      handles,
      userIds,
      actions,
      onProgress: createProgress('living a week', actions.length),
    });
    for (const worker of api.workers) while (await worker.step());
    if (loaded.refused > 0)
      console.error(`  ${loaded.refused} actions were refused by the rules, as more than 5,000 follows.`);
    onFilled();
    if (options.check) {
      const onProgress = createProgress('checking', userIds.length);
      const checked = await checkCommunity({
        services: system.services,
        loaded,
        now_ms: clock.now(),
        onProgress: (done) => onProgress(done),
      });
      console.error(
        `  ${checked.homes} homes (${checked.homeTweets} tweets) and ${checked.topLists} top lists are what a plain computation says.`,
      );
    }
  } finally {
    await api.close({ deadline_ms: 1_000 });
    await api.closeStores();
    await system.close();
  }
}

/** All users of a demo have the same password, so its costly hash is made once. */
function hashOnce(hasher: PasswordHasher): PasswordHasher {
  const hashes = new Map<string, Promise<string>>();
  return {
    ...hasher,
    hash(password, client) {
      const known = hashes.get(password) ?? hasher.hash(password, client);
      hashes.set(password, known);
      return known;
    },
  };
}

function mostFollowed(graph: Graph): number {
  const counts = followersIn(graph).map((list) => list.length);
  return counts.indexOf(Math.max(...counts));
}
