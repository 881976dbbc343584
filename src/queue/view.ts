/**
 * A view is derived data: `fold(state, events)` over one partition of the log. Its state and its positions commit
 * together, by compare-and-set on (epoch, positions), so that a replay, a gap or a second owner cannot harm it.
 * A rebuild notes the log's end positions, scans the services' facts into generation n + 1, folds forward from those
 * positions and swaps the two; generation n goes on serving and folding until then, and is dropped afterwards.
 */
import type { Topic, WarbleEvent } from '#domain/events.ts';

/** The last position folded of each topic, in one partition; absent: 0. */
export type Positions = Partial<Record<Topic, number>>;

/** Whether both say the same of every topic. */
export function samePositions(a: Positions, b: Positions): boolean {
  const topics = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof Positions>;
  for (const topic of topics) if ((a[topic] ?? 0) !== (b[topic] ?? 0)) return false;
  return true;
}

/** The state of one partition of a view, as stored. */
export interface ViewState {
  /** Grows with each claim. A commit by an owner with an older epoch is refused. */
  epoch: number;
  /** The generation that serves, and its positions. 0 and {} at first. */
  live: { generation: number; positions: Positions };
  /** The generation under construction, if any; `cursor` is where its scan goes on, null when the scan is over. */
  building: { generation: number; positions: Positions; cursor: string | null } | null;
}

export interface ViewCommit<Patch> {
  partition: number;
  epoch: number;
  generation: number;
  /** Must equal the stored positions, or nothing is written. */
  expected: Positions;
  next: Positions;
  patch: Patch;
}

/**
 * Stores a view. Every method is one atomic step. The conditional ones write nothing and resolve to false where the
 * epoch, the generation or the expected positions are not the stored ones.
 */
export interface ViewStore<Patch> {
  load(partition: number): Promise<ViewState>;
  /** Makes the caller the partition's only owner: raises the epoch, which fences every earlier owner. */
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
   * Calls the listener when the store has lost everything, as when its file was damaged: it is empty, its positions are
   * 0, and every partition must be claimed again.
   */
  onLost(listener: () => void): void;
  /** Deletes some rows of generations other than the live one and the one under construction. True: there are more. */
  dropOld(partition: number): Promise<boolean>;
}

export interface View<Patch> {
  name: string;
  topics: readonly Topic[];
  /**
   * What a batch of events changes. It must be idempotent, and state what is true now where it reads other services: it
   * may see facts newer than the events, and is called again for the same events after a crash.
   */
  fold(request: { partition: number; generation: number; events: readonly WarbleEvent[] }): Promise<Patch>;
  /** One page of a rebuild from facts. `cursor`: '' at first, then `next`; `next` is null at the end. */
  scan(request: {
    partition: number;
    generation: number;
    cursor: string;
  }): Promise<{ patch: Patch; next: string | null }>;
}
