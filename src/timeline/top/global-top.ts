/**
 * Makes the global top lists: for each window a snapshot of the best tweets, about every second while something
 * changes, from an index that is filled once by a scan and then follows the view's changes. All of it runs in the steps
 * of one worker, one at a time, so rows are always applied in the order in which they were read.
 */
import { WarbleError } from '#domain/errors.ts';
import { PARTITIONS } from '#domain/events.ts';
import { firstSnowflakeAt, type TweetId, type UserId } from '#domain/ids.ts';
import { LIMITS, WINDOW_MS, WINDOWS, type Window } from '#domain/limits.ts';
import type { Clock } from '#platform/clock.ts';
import type { Random } from '#platform/random.ts';
import type { Worker } from '#platform/worker.ts';
import { applyChanges } from './apply-changes.ts';
import type { DirtySet } from './dirty-set.ts';
import { topKIndexOf } from './kept-tops.ts';
import { createTopKIndex, type TopKIndex, type TopKIndexSize } from './top-k-index.ts';
import type { AuthorFacts, AuthorTopPosition, KeptTop, RankRow, TopListsStore } from './top-lists-store.ts';
import type { TopSnapshot, TopSnapshots } from './top-snapshots.ts';

export interface GlobalTop {
  worker: Worker;
  /** The newest snapshot of a window. Makes the first one if necessary; throws `unavailable` where it cannot. */
  newest(window: Window): Promise<TopSnapshot>;
  /** Restores the kept indexes: at start-up, before the first step. */
  restore(): Promise<void>;
  /** Whether an index is being filled. */
  isFilling(): boolean;
  /** Keeps the indexes for the next start. To be called once folding has stopped. */
  keep(): Promise<void>;
}

export interface GlobalTopDeps {
  store: TopListsStore;
  snapshots: TopSnapshots;
  dirtySet: DirtySet;
  clock: Clock;
  random: Random;
  /** Whether the view is complete. Until then no index is filled from it, and lists are partial. */
  isWhole: () => boolean;
  /** Tests use smaller ones to reach the bounds. */
  size?: TopKIndexSize;
  /** Rows scanned per step and window. */
  page?: number;
}

const SIZE: TopKIndexSize = { shown: LIMITS.globalTop, kept: 2_000, max: 4_000, low: 1_250 };
const PAGE = 300;
/** Authors remembered by a scan. */
const MAX_AUTHORS = 100_000;
const SNAPSHOT_EVERY_MS = 1_000;
const IDLE_MS = 250;
const KEEP_EVERY_MS = 60_000;
/** Changed tweets, and changed authors, read per step. */
const CHANGES_PER_STEP = 500;

/** A scan under way. */
interface Filling {
  index: TopKIndex;
  partition: number;
  /** The window `all` is scanned by likes, so that it can end early, the others by time. */
  below: AuthorTopPosition | null;
  from: TweetId;
  /** Authors met in this scan, as they are now: dropped as soon as they change. */
  authors: Map<UserId, AuthorFacts>;
}

interface WindowState {
  window: Window;
  serving: TopKIndex | null;
  /** `serving` was made from all rows and has followed every change since. */
  exact: boolean;
  filling: Filling | null;
  shown: TopSnapshot | null;
  /** Something changed since `shown` was made. */
  changed: boolean;
  /** The index had too few tweets left for a list, which is made as soon as a new index is filled. */
  waiting: boolean;
  /** The oldest tweet in the index: once the window's start passes it, time alone changes the list. */
  oldest: TweetId;
  /** Where the window began when it was last published. */
  windowStart: TweetId;
}

export function createGlobalTop(deps: GlobalTopDeps): GlobalTop {
  const { store, snapshots, dirtySet, clock, random, isWhole, size = SIZE, page = PAGE } = deps;
  const states = WINDOWS.map((window): WindowState => {
    const filling = startFilling(window);
    const nothing = { serving: null, exact: false, shown: null, changed: true, waiting: true };
    return { window, filling, ...nothing, oldest: 0, windowStart: 0 };
  });
  let publishedAt = Number.NEGATIVE_INFINITY;
  let keptAt = clock.monotonic();
  let changedSinceKept = false;
  let running: Promise<boolean> | null = null;

  function windowStartOf(window: Window): TweetId {
    return window === 'all' ? 0 : firstSnowflakeAt(clock.now() - WINDOW_MS[window]);
  }

  function startFilling(window: Window): Filling {
    const from = windowStartOf(window);
    return { index: createTopKIndex(size), partition: 0, below: null, from, authors: new Map() };
  }

  async function takeChanges(): Promise<void> {
    if (dirtySet.takeReset()) {
      for (const state of states) {
        Object.assign(state, { exact: false, filling: startFilling(state.window), changed: true });
      }
    }
    const changes = dirtySet.take(CHANGES_PER_STEP);
    if (changes.tweets.length + changes.authors.length === 0) return;
    for (const { filling } of states) for (const author of changes.authors) filling?.authors.delete(author);
    const sets = states.flatMap(({ window, serving, filling }) =>
      [serving, filling?.index].flatMap((index) =>
        index ? [{ index, windowStart: windowStartOf(window), kept: size.kept }] : [],
      ),
    );
    try {
      await applyChanges({ store, changes, sets });
    } catch (error) {
      // The changes were applied in part or not at all: read everything again.
      dirtySet.reset();
      throw error;
    }
    for (const state of states) state.changed = true;
  }

  async function fillOn(state: WindowState): Promise<void> {
    const filling = state.filling!;
    for (let left = page; left > 0 && filling.partition < PARTITIONS; ) {
      const rows = await nextRows(state.window, filling, left);
      left -= Math.max(1, rows.length);
      await offerAll(filling, rows);
    }
    const { index } = filling;
    if (index.full()) index.best(windowStartOf(state.window));
    if (filling.partition === PARTITIONS) {
      Object.assign(state, { serving: index, exact: true, filling: null, changed: true });
    } else if (state.serving === null) {
      state.changed = true;
    }
  }

  async function nextRows(window: Window, filling: Filling, limit: number): Promise<RankRow[]> {
    const { partition, below, from, index } = filling;
    const rows =
      window === 'all'
        ? await store.byLikes({ partition, below, limit })
        : await store.byTime({ partition, from, limit });
    const last = rows.at(-1);
    const hopeless = window === 'all' && last !== undefined && last.likes < (index.floor()?.likes ?? 0);
    if (last === undefined || rows.length < limit || hopeless) {
      Object.assign(filling, { partition: partition + 1, below: null, from: windowStartOf(window) });
    } else {
      Object.assign(filling, { below: last, from: last.tweetId + 1 });
    }
    return rows;
  }

  /** Looks authors up once, and only for rows with enough likes to matter. */
  async function offerAll({ index, authors }: Filling, rows: RankRow[]): Promise<void> {
    const enough = index.floor()?.likes ?? 0;
    const able = rows.filter((row) => row.likes >= enough);
    const unknown = new Set<UserId>();
    for (const { author } of able) if (!authors.has(author)) unknown.add(author);
    if (authors.size + unknown.size > MAX_AUTHORS) {
      authors.clear();
      for (const { author } of able) unknown.add(author);
    }
    if (unknown.size > 0) {
      for (const facts of await store.facts({ authors: [...unknown] })) authors.set(facts.author, facts);
    }
    for (const row of able) {
      const author = authors.get(row.author);
      if (author !== undefined) index.offer(row, author);
    }
  }

  async function publish(state: WindowState): Promise<void> {
    const windowStart = windowStartOf(state.window);
    // The clock was set back, so tweets that had left the window are in it again.
    if (windowStart < state.windowStart)
      Object.assign(state, { exact: false, filling: startFilling(state.window) });
    state.windowStart = windowStart;
    const { shown } = state;
    const partial = !(state.exact && isWhole());
    if (!(state.changed || state.oldest < windowStart || shown?.partial !== partial)) return;
    const { tweetIds, exact, low, oldest } = (state.serving ?? state.filling!.index).best(windowStart);
    if (low && state.filling === null) state.filling = startFilling(state.window);
    state.waiting = !exact || partial;
    if (exact) Object.assign(state, { changed: false, oldest });
    // Until a new index is filled, the previous list is closer to the truth than one without its tail.
    await show(state, { tweetIds: exact || shown === null ? tweetIds : shown.tweetIds, partial });
  }

  async function show(state: WindowState, list: Pick<TopSnapshot, 'tweetIds' | 'partial'>): Promise<void> {
    const { shown, window } = state;
    if (shown !== null && shown.partial === list.partial && sameIds(shown.tweetIds, list.tweetIds)) return;
    const id = random.bytes(12).toString('base64url');
    const snapshot: TopSnapshot = { id, window, ...list };
    await snapshots.put(snapshot);
    state.shown = snapshot;
    changedSinceKept = true;
  }

  /** For a start after a crash. Not marked as current, so that it serves only until new indexes are filled. */
  async function keepNowAndThen(): Promise<void> {
    if (!changedSinceKept || clock.monotonic() - keptAt < KEEP_EVERY_MS) return;
    keptAt = clock.monotonic();
    changedSinceKept = false;
    await store.keepTops({ tops: topsToKeep({ isCurrent: false }) });
  }

  function topsToKeep({ isCurrent }: { isCurrent: boolean }): KeptTop[] {
    return states.flatMap(({ window, serving, exact }) =>
      serving === null
        ? []
        : [
            {
              window,
              tweets: serving.held(),
              floor: serving.floor(),
              windowStart: windowStartOf(window),
              isCurrent: isCurrent && exact,
            },
          ],
    );
  }

  async function runStep(): Promise<boolean> {
    await takeChanges();
    // An index filled from an incomplete view would be incomplete.
    const mayFill = isWhole();
    for (const state of states) if (mayFill && state.filling !== null) await fillOn(state);
    const due = clock.monotonic() - publishedAt >= SNAPSHOT_EVERY_MS;
    for (const state of states) {
      if (due || (state.waiting && state.filling === null)) await publish(state);
    }
    if (due) publishedAt = clock.monotonic();
    await keepNowAndThen();
    return !dirtySet.empty() || (mayFill && isFilling());
  }

  function isFilling(): boolean {
    return states.some(({ filling }) => filling !== null);
  }

  /** One step at a time, whether the worker asks or a reader who comes before the first snapshot. */
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
      if (state.shown === null) await step();
      if (state.shown === null) throw new WarbleError('unavailable', 'The list is being made; try again.');
      // The cache may have lost it: put it back, for pagination sessions that begin now.
      await snapshots.put(state.shown);
      return state.shown;
    },
    async restore() {
      for (const kept of await store.keptTops()) {
        const state = states.find(({ window }) => window === kept.window);
        if (state === undefined) continue;
        const index = await topKIndexOf(store, kept, size);
        Object.assign(state, { serving: index, exact: kept.isCurrent, windowStart: kept.windowStart });
        if (kept.isCurrent) state.filling = null;
      }
    },
    isFilling,
    async keep() {
      while (!dirtySet.empty()) await step();
      await store.keepTops({ tops: topsToKeep({ isCurrent: isWhole() }) });
    },
  };
}

function sameIds(a: readonly TweetId[], b: readonly TweetId[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}
