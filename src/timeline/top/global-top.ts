/**
 * Makes the global top lists: for each window a snapshot of the best tweets, about every second when something
 * changed, from leaders that are filled once by a scan and then follow the view's changes. All of it runs in the
 * steps of one worker, one at a time, so rows are always applied in the order in which they were read.
 */
import { PARTITIONS } from '#contract/events.ts';
import { firstSnowflakeAt, type TweetId, type UserId } from '#contract/ids.ts';
import { LIMITS, WINDOW_MS, type Window } from '#contract/limits.ts';
import type { Clock } from '#platform/clock.ts';
import type { Random } from '#platform/random.ts';
import type { Worker } from '#platform/worker.ts';
import { applyChanges } from './apply-changes.ts';
import { createLeaders, type Leaders, type LeadersSize } from './leaders.ts';
import type { Marks } from './marks.ts';
import type { AuthorFacts, AuthorPlace, RankRow, TopListsStore } from './top-lists-store.ts';
import type { TopSnapshot, TopSnapshots } from './top-snapshots.ts';

export interface GlobalTop {
  worker: Worker;
  /** The newest snapshot of a window; makes the first one where there is none yet. */
  newest(window: Window): Promise<TopSnapshot>;
  /** Fills every window; for start-up, before requests come. */
  preload(): Promise<void>;
}

export interface GlobalTopDeps {
  store: TopListsStore;
  snapshots: TopSnapshots;
  marks: Marks;
  clock: Clock;
  random: Random;
  /** Smaller ones let a test reach the bounds. */
  size?: LeadersSize;
  /** Rows per page of a scan. */
  page?: number;
}

const SIZE: LeadersSize = { shown: LIMITS.globalTop, kept: 2_000, most: 4_000, low: 1_250 };
const PAGE = 1_000;
/** Authors that a scan remembers. */
const MOST_AUTHORS = 100_000;
const SNAPSHOT_EVERY_MS = 1_000;
const IDLE_MS = 250;
/** Changed tweets, and authors, that one step reads. */
const CHANGES_PER_STEP = 500;
const WINDOWS: readonly Window[] = ['24h', '7d', 'all'];

/** A scan under way. */
interface Filling {
  leaders: Leaders;
  partition: number;
  /** `all` is scanned by likes, so that it can end early; the others by time. */
  below: AuthorPlace | null;
  from: TweetId;
  /** Authors met in this scan, as they are: forgotten as soon as they change. */
  authors: Map<UserId, AuthorFacts>;
}

interface WindowState {
  window: Window;
  serving: Leaders | null;
  filling: Filling | null;
  shown: TopSnapshot | null;
  /** Something changed since `shown` was made. */
  changed: boolean;
  /** Too few leaders were left to make a list; it is made as soon as new ones are filled. */
  waiting: boolean;
  /** From when on time alone changes the list: when the window's edge passes this tweet. */
  oldest: TweetId;
  /** Where the edge was last. */
  edge: TweetId;
}

export function createGlobalTop(deps: GlobalTopDeps): GlobalTop {
  const { store, snapshots, marks, clock, random, size = SIZE, page = PAGE } = deps;
  const states = WINDOWS.map((window): WindowState => {
    const filling = startFilling(window);
    return { window, serving: null, filling, shown: null, changed: true, waiting: true, oldest: 0, edge: 0 };
  });
  let publishedAt = Number.NEGATIVE_INFINITY;
  let running: Promise<boolean> | null = null;

  function edgeOf(window: Window): TweetId {
    return window === 'all' ? 0 : firstSnowflakeAt(clock.now() - WINDOW_MS[window]);
  }

  function startFilling(window: Window): Filling {
    const from = edgeOf(window);
    return { leaders: createLeaders(size), partition: 0, below: null, from, authors: new Map() };
  }

  async function takeChanges(): Promise<void> {
    if (marks.takeReset()) {
      for (const state of states)
        Object.assign(state, { serving: null, filling: startFilling(state.window) });
    }
    const changes = marks.take(CHANGES_PER_STEP);
    if (changes.tweets.length + changes.authors.length === 0) return;
    for (const { filling } of states) for (const author of changes.authors) filling?.authors.delete(author);
    const sets = states.flatMap(({ window, serving, filling }) =>
      [serving, filling?.leaders].flatMap((leaders) =>
        leaders ? [{ leaders, edge: edgeOf(window), kept: size.kept }] : [],
      ),
    );
    try {
      await applyChanges({ store, changes, sets });
    } catch (error) {
      // What was taken is not applied, or in part: read everything again.
      marks.reset();
      throw error;
    }
    for (const state of states) state.changed = true;
  }

  async function fillOn(state: WindowState): Promise<void> {
    const filling = state.filling!;
    const { leaders, partition } = filling;
    const rows =
      state.window === 'all'
        ? await store.byLikes({ partition, below: filling.below, limit: page })
        : await store.byTime({ partition, from: filling.from, limit: page });
    await offerAll(filling, rows);
    if (leaders.full()) leaders.best(edgeOf(state.window));
    const last = rows.at(-1);
    const hopeless =
      state.window === 'all' && last !== undefined && last.likes < (leaders.floor()?.likes ?? 0);
    if (last === undefined || rows.length < page || hopeless) {
      filling.partition++;
      filling.below = null;
      filling.from = edgeOf(state.window);
    } else {
      filling.below = last;
      filling.from = last.tweetId + 1;
    }
    if (filling.partition < PARTITIONS) return;
    Object.assign(state, { serving: leaders, filling: null, changed: true });
  }

  /** Authors are looked up once, and only for rows that have likes enough to matter. */
  async function offerAll({ leaders, authors }: Filling, rows: RankRow[]): Promise<void> {
    const enough = leaders.floor()?.likes ?? 0;
    const able = rows.filter((row) => row.likes >= enough);
    const unknown = new Set<UserId>();
    for (const { author } of able) if (!authors.has(author)) unknown.add(author);
    if (authors.size + unknown.size > MOST_AUTHORS) {
      authors.clear();
      for (const { author } of able) unknown.add(author);
    }
    if (unknown.size > 0) {
      for (const facts of await store.facts({ authors: [...unknown] })) authors.set(facts.author, facts);
    }
    for (const row of able) {
      const author = authors.get(row.author);
      if (author !== undefined) leaders.offer(row, author);
    }
  }

  async function publish(state: WindowState): Promise<void> {
    const edge = edgeOf(state.window);
    // The clock was set back: tweets that had left the window are in it again.
    if (edge < state.edge) state.filling = startFilling(state.window);
    state.edge = edge;
    if (state.serving === null || !(state.changed || state.oldest < edge)) return;
    const { tweetIds, exact, low, oldest } = state.serving.best(edge);
    if (low && state.filling === null) state.filling = startFilling(state.window);
    // Until the new ones are filled, the list as it was is nearer to the truth than one with its tail missing.
    state.waiting = !exact;
    if (!exact && state.shown !== null) return;
    state.changed = false;
    state.oldest = oldest;
    if (state.shown !== null && sameIds(state.shown.tweetIds, tweetIds)) return;
    const id = random.bytes(12).toString('base64url');
    const snapshot: TopSnapshot = { id, window: state.window, tweetIds };
    await snapshots.put(snapshot);
    state.shown = snapshot;
  }

  async function runStep(): Promise<boolean> {
    await takeChanges();
    for (const state of states) if (state.filling !== null) await fillOn(state);
    const due = clock.monotonic() - publishedAt >= SNAPSHOT_EVERY_MS;
    for (const state of states) {
      if (due || (state.waiting && state.filling === null)) await publish(state);
    }
    if (due) publishedAt = clock.monotonic();
    return !marks.empty() || states.some(({ filling }) => filling !== null);
  }

  /** One step at a time, whoever asks: the worker, or a reader who came before the first snapshot. */
  function step(): Promise<boolean> {
    running ??= runStep().finally(() => {
      running = null;
    });
    return running;
  }

  return {
    worker: { name: 'global-top', idle_ms: IDLE_MS, step },
    async newest(window) {
      const found = await snapshots.newest(window);
      if (found !== undefined) return found;
      const state = states.find((each) => each.window === window)!;
      while (state.shown === null) await step();
      // The cache has lost it, where it was there before: give it back, for walks that begin now.
      await snapshots.put(state.shown);
      return state.shown;
    },
    async preload() {
      while (states.some(({ shown }) => shown === null)) await step();
    },
  };
}

function sameIds(a: readonly TweetId[], b: readonly TweetId[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}
