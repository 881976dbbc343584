/**
 * A view is derived: `fold(state, events)` over one partition of the log. Its state and its position commit
 * together, by compare-and-set on (epoch, positions), so that a replay, a gap or a second owner cannot harm it.
 * A rebuild notes the log's positions, scans the owners' facts into generation n + 1, folds forward from those
 * positions, swaps, and drops generation n, while generation n goes on serving and folding.
 */
import type { Topic, WarbleEvent } from '#domain/events.ts';

/** How far each topic of one partition has been folded; absent: 0. */
export type Positions = Partial<Record<Topic, number>>;

/** Whether both say the same of every topic. */
export function samePositions(a: Positions, b: Positions): boolean {
  const topics = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof Positions>;
  for (const topic of topics) if ((a[topic] ?? 0) !== (b[topic] ?? 0)) return false;
  return true;
}

/** The state of one partition of a view, as its store has it. */
export interface ViewState {
  /** Grows with each claim; a commit by an owner with an older epoch is refused. */
  epoch: number;
  /** The generation that serves, and where it stands. 0 and {} at first. */
  live: { generation: number; positions: Positions };
  /** A generation under construction; `cursor` is where its scan goes on, null when the scan is over. */
  building: { generation: number; positions: Positions; cursor: string | null } | null;
}

export interface ViewCommit<Patch> {
  partition: number;
  epoch: number;
  generation: number;
  /** Must equal what the store has, or nothing is written. */
  expected: Positions;
  next: Positions;
  patch: Patch;
}

/**
 * Where a view lives. Every method is one atomic step; the conditional ones write nothing and resolve to false
 * where the epoch, the generation or the expected positions are not those of the store.
 */
export interface ViewStore<Patch> {
  load(partition: number): Promise<ViewState>;
  /** Makes the caller the partition's one owner: raises the epoch and fences every earlier owner. */
  claim(partition: number): Promise<ViewState>;
  commit(commit: ViewCommit<Patch>): Promise<boolean>;
  /** Opens generation live + 1 at `positions`, replacing an unfinished one. */
  beginRebuild(request: { partition: number; epoch: number; positions: Positions }): Promise<boolean>;
  /** Adds a scanned page to the generation under construction and moves its cursor (null: the scan is over). */
  commitScan(request: {
    partition: number;
    epoch: number;
    generation: number;
    patch: Patch;
    expectedCursor: string | null;
    cursor: string | null;
  }): Promise<boolean>;
  /** The generation under construction becomes the live one. */
  swap(request: { partition: number; epoch: number; generation: number }): Promise<boolean>;
  /**
   * Runs when the store has lost everything, as when its file was damaged: it stands at the beginning of the log, with
   * nothing in it, and every partition must be claimed again.
   */
  onLost(listener: () => void): void;
  /** Deletes rows of generations other than the live one and the one under construction, some at a time; true: more. */
  dropOld(partition: number): Promise<boolean>;
}

export interface View<Patch> {
  name: string;
  topics: readonly Topic[];
  /**
   * What a batch of events changes. Must be idempotent and state-based where it reads other services: it may see
   * facts newer than the events, and is called again for the same events after a crash.
   */
  fold(request: { partition: number; generation: number; events: readonly WarbleEvent[] }): Promise<Patch>;
  /** One page of a rebuild from facts; `cursor` '' at first. `next` null: that was all. */
  scan(request: {
    partition: number;
    generation: number;
    cursor: string;
  }): Promise<{ patch: Patch; next: string | null }>;
}
