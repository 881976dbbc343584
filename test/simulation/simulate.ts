/** Runs a list of steps against a system and the model, and shrinks a list that fails. */
import assert from 'node:assert/strict';
import { isWarbleError } from '#domain/errors.ts';
import { createSeededRandom } from '#platform/random.ts';
import { adopt, checkFacts } from './facts.ts';
import { apply, type Done, isRequest, mayReadTweet, refusal } from './model.ts';
import { createPaginationSessions, type PaginationSessions } from './pagination-sessions.ts';
import { type Action, makeSteps, type Step } from './steps.ts';
import { checkTold, markRead } from './told.ts';
import { checkViews } from './views.ts';
import { createWorld, type Fault, isUncertain, type Resolved, type World } from './world.ts';

export interface SimulationSize {
  users: number;
  steps: number;
}
/** For `npm test`: small, since few users are enough for most faults. */
export const SHORT: SimulationSize = { users: 10, steps: 150 };
/** For long runs. */
export const LONG: SimulationSize = { users: 30, steps: 1_000 };

export interface Failure {
  seed: number;
  error: unknown;
  /** The shortest list of steps found that still fails. */
  steps: Step[];
}

/** The sweeper settles interrupted comments only after this time. */
const COMMENT_SETTLES_MS = 61_000;
/** Top lists and deliveries settle within this long (promise 5). */
const SETTLE_MS = 2_000;

/** The steps of a seed. */
export function stepsOf(seed: number, size: SimulationSize): Step[] {
  return makeSteps(createSeededRandom(seed), size.steps);
}

/** Throws where the system differs from the model. */
export async function runSteps(seed: number, size: SimulationSize, steps: readonly Step[]): Promise<void> {
  const world = await createWorld(seed, size.users);
  const run: Run = { world, stalled: new Set(), uncertain: [], sessions: createPaginationSessions(world) };
  try {
    for (const [index, step] of steps.entries()) {
      try {
        await take(run, step);
      } catch (error) {
        throw new Error(`step ${index} (${JSON.stringify(step)}): ${(error as Error).message}`, {
          cause: error,
        });
      }
    }
  } finally {
    await world.close();
  }
}

interface Run {
  world: World;
  stalled: Set<number>;
  /** Actions since everything last settled whose outcome is unknown. */
  uncertain: Resolved[];
  sessions: PaginationSessions;
}

async function take(run: Run, step: Step): Promise<void> {
  const { world } = run;
  const { workers } = world.system();
  switch (step.kind) {
    case 'action':
      return actionAlone(run, step.action);
    case 'together':
      await Promise.all([
        ...step.actions.map((action) => actionAmongOthers(run, action)),
        ...step.workers.map((n) => work(run, n)),
      ]);
      return;
    case 'work':
      return work(run, step.worker);
    case 'stall':
      run.stalled.add(step.worker % workers.length);
      return;
    case 'sleep':
      world.clock.advance(step.duration_ms);
      return;
    case 'setClock':
      world.clock.setWall(world.clock.now() + step.by_ms);
      return;
    case 'glitch':
      return glitch(run, step);
    case 'read':
      await world
        .system()
        .services.timeline.home({ reader: userOf(world, step.user), own: false, position: null, limit: 5 });
      return;
    case 'markRead':
      return markRead(world, userOf(world, step.user));
    case 'page':
      return run.sessions.step(userOf(world, step.user), step.limit);
    case 'crash':
      return struckBy(run, { commits: step.commits, kind: step.at }, step.actions);
    case 'full':
      return struckBy(run, { commits: step.commits, kind: 'full' }, step.actions);
    case 'restart':
      run.sessions.forget();
      return world.restart();
    case 'rebuild': {
      const views = Object.values(world.system().views);
      return views[step.view % views.length]!.startRebuild();
    }
    case 'settle':
      return settle(run);
  }
}

const userOf = (world: World, index: number): number => world.users[index % world.users.length]!;

async function work({ world, stalled }: Run, index: number): Promise<void> {
  const { workers } = world.system();
  if (!stalled.has(index % workers.length)) await workers[index % workers.length]!.step();
}

/** With nothing else running, the answer is known beforehand, and its effect shows at once. */
async function actionAlone(run: Run, action: Action): Promise<void> {
  const { world } = run;
  const resolved = world.resolve(action);
  if (resolved === undefined) return;
  const expected = refusal(world.model, resolved as Done);
  try {
    const done = await world.perform(resolved);
    assert.equal(expected, undefined, `should have been refused with ${expected}`);
    if (done.kind === 'follow') assert.equal(done.requested, isRequest(world.model, done));
    keep(world, done);
    await showsAtOnce(world, done);
  } catch (error) {
    if (!isWarbleError(error)) throw error;
    assert.equal(error.code, expected, error.message);
  }
}

const GLITCH_MS = 2_000;

/**
 * Nothing is refused, and the time in ids does not jump: it runs at most a tenth faster, and a second ahead for
 * bursts.
 */
async function glitch(run: Run, { by_ms, actions }: Extract<Step, { kind: 'glitch' }>): Promise<void> {
  const { world } = run;
  const { clock } = world;
  const began_ms = world.newest_ms();
  clock.setWall(clock.now() + by_ms);
  for (const action of actions) {
    await actionAlone(run, action);
    clock.advance(GLITCH_MS / actions.length);
  }
  clock.setWall(clock.now() - by_ms);
  const went_ms = world.newest_ms() - began_ms;
  assert.ok(went_ms <= 1.1 * GLITCH_MS + 1_000, `time in ids went ${went_ms} ms further in ${GLITCH_MS} ms`);
}

/** Promise 5: what was answered holds for every later read, before any worker has run. */
async function showsAtOnce({ system, model }: World, done: Done): Promise<void> {
  const { timeline } = system().services;
  if (done.kind === 'post') {
    const page = await timeline.home({ reader: done.user, own: true, position: null, limit: 1 });
    const shown = page.items[0]?.tweetView.tweet.id;
    if (mayReadTweet(model, done.user, done.tweetId))
      assert.equal(shown, done.tweetId, 'one’s own tweet shows at once');
  }
  if (done.kind === 'unfollow' || done.kind === 'mute' || done.kind === 'block') {
    const page = await timeline.home({ reader: done.user, own: false, position: null, limit: 20 });
    for (const { tweetView, repostedBy } of page.items) {
      const gone: boolean = done.kind !== 'unfollow' && tweetView.tweet.author === done.other;
      const names = repostedBy.some(({ userId }) => userId === done.other);
      assert.ok(!gone && !names, `${done.other} still shows after ${done.kind}`);
    }
  }
  if (done.kind === 'protect' || done.kind === 'delete') {
    for (const reader of model.users.keys()) {
      const page = await timeline.home({ reader, own: true, position: null, limit: 20 });
      for (const { tweetView } of page.items)
        assert.ok(
          mayReadTweet(model, reader, tweetView.tweet.id),
          `${tweetView.tweet.id} still shows to ${reader}`,
        );
    }
  }
}

async function actionAmongOthers(run: Run, action: Action): Promise<void> {
  const { world } = run;
  const resolved = world.resolve(action);
  if (resolved === undefined) return;
  try {
    keep(world, await world.perform(resolved));
  } catch (error) {
    if (isUncertain(error)) run.uncertain.push(resolved);
    else if (!isWarbleError(error)) throw error;
  }
}

function keep(world: World, done: Done): void {
  if (done.kind === 'post') world.tweetIds.push(done.tweetId);
  if (done.kind === 'comment') world.commentIds.push(done.commentId);
  apply(world.model, done);
}

/** Runs actions and workers under a fault, replaces a dead process, and finds out which actions took effect. */
async function struckBy(run: Run, fault: Fault, actions: Action[]): Promise<void> {
  const { world } = run;
  world.arm(fault);
  const working = world.system().workers.map((worker) => worker.step().catch(() => false));
  await Promise.all([...actions.map((action) => actionAmongOthers(run, action)), ...working]);
  if (fault.kind === 'full') world.arm({ commits: 0, kind: 'full' });
  else {
    run.sessions.forget();
    await world.crash();
  }
  await adopt(world, run.uncertain);
  // The text of a comment may follow its row later, so unresolved comments are checked each time everything settles.
  run.uncertain = run.uncertain.filter((action) => action.kind === 'comment' || action.kind === 'uncomment');
}

async function settle(run: Run): Promise<void> {
  const { world } = run;
  run.stalled.clear();
  const patience_ms = run.uncertain.length > 0 ? COMMENT_SETTLES_MS : SETTLE_MS;
  for (let i = 0; i < 2; i++) {
    world.clock.advance(patience_ms);
    await world.system().processAll();
  }
  await adopt(world, run.uncertain);
  run.uncertain = [];
  const ids = await checkFacts(world);
  // Sessions come first, as reading all the homes below would push them out of memory.
  await run.sessions.settled(ids);
  await checkViews(world, ids);
  await checkTold(world, ids);
}

/** Runs one seed; returns the shrunk failure, or undefined where it passes. */
export async function simulate(seed: number, size: SimulationSize): Promise<Failure | undefined> {
  const steps = stepsOf(seed, size);
  const error = await failureOf(seed, size, steps);
  if (error === undefined) return undefined;
  const shrunk = await shrink(seed, size, steps);
  return { seed, error: (await failureOf(seed, size, shrunk)) ?? error, steps: shrunk };
}

async function failureOf(seed: number, size: SimulationSize, steps: readonly Step[]): Promise<unknown> {
  try {
    await runSteps(seed, size, steps);
    return undefined;
  } catch (error) {
    return error;
  }
}

const MAX_TRIES = 400;

/** Removes ever smaller parts of the list while the rest still fails (Zeller's ddmin, simplified). */
async function shrink(seed: number, size: SimulationSize, steps: readonly Step[]): Promise<Step[]> {
  let best = [...steps];
  let tries = 0;
  for (
    let part = Math.ceil(best.length / 2);
    part >= 1 && tries < MAX_TRIES;
    part = part === 1 ? 0 : Math.ceil(part / 2)
  ) {
    for (let start = 0; start < best.length && tries < MAX_TRIES; ) {
      tries++;
      const rest = [...best.slice(0, start), ...best.slice(start + part)];
      if (rest.length < best.length && (await failureOf(seed, size, rest)) !== undefined) best = rest;
      else start += part;
    }
  }
  return best;
}
