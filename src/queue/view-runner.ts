/**
 * Keeps a view up to date: folds the log into its live generation and, during a rebuild, fills the next one until that
 * has caught up and takes over. A step folds all partitions concurrently, so that their commits share one transaction
 * where the store groups writes.
 */
import { unlessDown } from '#domain/errors.ts';
import { PARTITIONS, type Topic } from '#domain/events.ts';
import type { Worker } from '#platform/worker.ts';
import type { Log, LogRange, LogRecord } from './log.ts';
import type { Positions, View, ViewState, ViewStore } from './view.ts';

export interface ViewRunner {
  worker: Worker;
  /** Starts rebuilding every partition from facts; the worker carries it out while the live generation serves. */
  startRebuild(): Promise<void>;
  /** `lag`: records that the live generations have yet to fold. `rebuilding`: a rebuild is under way. */
  status(): Promise<{ lag: number; rebuilding: boolean }>;
  /**
   * Whether every live generation has caught up with the log since this runner began, and missed nothing that was
   * trimmed meanwhile. While it is false, the view is incomplete.
   */
  isWhole(): boolean;
  /** The position through which both generations have folded. Index: partition. Undefined: not a topic of the view. */
  processedPositions(topic: Topic): Promise<number[] | undefined>;
}

export interface ViewRunnerDeps<Patch> {
  view: View<Patch>;
  store: ViewStore<Patch>;
  log: Log;
  partitions?: readonly number[];
  /** Records per topic, partition and step. */
  batch?: number;
}

const BATCH = 256;
const IDLE_MS = 1_000;
const ALL_PARTITIONS: readonly number[] = Array.from({ length: PARTITIONS }, (_, partition) => partition);

type Side = 'live' | 'building';

export function createViewRunner<Patch>(deps: ViewRunnerDeps<Patch>): ViewRunner {
  const { view, store, log, partitions = ALL_PARTITIONS, batch = BATCH } = deps;
  /** The state of each partition that this owner has claimed; dropped when a write is refused, then claimed anew. */
  const owned = new Map<number, ViewState>();
  const toDrop = new Set<number>(partitions);
  const caughtUp = new Set<number>();
  store.onLost(() => {
    owned.clear();
    caughtUp.clear();
  });

  async function stateOf(partition: number): Promise<ViewState> {
    const known = owned.get(partition);
    if (known !== undefined) return known;
    const state = await store.claim(partition);
    owned.set(partition, state);
    return state;
  }

  /** A refused write means that another owner has the partition or has moved it. Nothing was written; start over. */
  function settle(partition: number, written: boolean): boolean {
    if (!written) owned.delete(partition);
    return true;
  }

  async function rangesByTopic(): Promise<Map<Topic, LogRange>> {
    const ranges = await Promise.all(view.topics.map((topic) => log.range({ topic })));
    return new Map(view.topics.map((topic, index) => [topic, ranges[index]!]));
  }

  async function recordsAfter(
    partition: number,
    positions: Positions,
    ranges: Map<Topic, LogRange>,
  ): Promise<LogRecord[][]> {
    const behind = view.topics.filter(
      (topic) => ranges.get(topic)!.end[partition]! > (positions[topic] ?? 0),
    );
    return Promise.all(
      behind.map(async (topic) => {
        const after = positions[topic] ?? 0;
        return upToGap(await log.read({ topic, partition, after, limit: batch }), after);
      }),
    );
  }

  async function foldSide(partition: number, side: Side, ranges: Map<Topic, LogRange>): Promise<boolean> {
    const state = await stateOf(partition);
    const { generation, positions } = state[side]!;
    const perTopic = await recordsAfter(partition, positions, ranges);
    const events = perTopic.flat().map((record) => record.event);
    if (events.length === 0) return false;
    const patch = await view.fold({ partition, generation, events });
    const next: Positions = { ...positions };
    for (const records of perTopic) {
      const last = records.at(-1);
      if (last !== undefined) next[last.event.topic] = last.position;
    }
    const { epoch } = state;
    const written = await store.commit({ partition, epoch, generation, expected: positions, next, patch });
    if (written) state[side]!.positions = next;
    return settle(partition, written);
  }

  async function beginRebuild(partition: number, ranges: Map<Topic, LogRange>): Promise<boolean> {
    const { epoch } = await stateOf(partition);
    const positions: Positions = {};
    for (const topic of view.topics) positions[topic] = ranges.get(topic)!.end[partition]!;
    await store.beginRebuild({ partition, epoch, positions });
    owned.delete(partition);
    toDrop.add(partition);
    return true;
  }

  async function scanOn(partition: number): Promise<boolean> {
    const state = await stateOf(partition);
    const { generation, cursor } = state.building!;
    const { patch, next } = await view.scan({ partition, generation, cursor: cursor! });
    const written = await store.commitScan({
      partition,
      epoch: state.epoch,
      generation,
      patch,
      expectedCursor: cursor,
      cursor: next,
    });
    if (written) state.building!.cursor = next;
    return settle(partition, written);
  }

  async function build(partition: number, ranges: Map<Topic, LogRange>): Promise<boolean> {
    const state = await stateOf(partition);
    if (state.building === null) return false;
    if (state.building.cursor !== null) return scanOn(partition);
    if (await foldSide(partition, 'building', ranges)) return true;
    // It has caught up with the log as of the start of this step, hence with everything that the live generation shows.
    const { generation } = state.building;
    await store.swap({ partition, epoch: state.epoch, generation });
    owned.delete(partition);
    toDrop.add(partition);
    return true;
  }

  /** The log no longer has what this view would have to read next: only a rebuild helps. */
  function missedSome(positions: Positions, partition: number, ranges: Map<Topic, LogRange>): boolean {
    return view.topics.some((topic) => ranges.get(topic)!.start[partition]! > (positions[topic] ?? 0));
  }

  /**
   * The view has folded records that the log never had: it is damaged, or the facts were restored from a backup and the
   * view was not. Asks for the ranges again, since `ranges` may be older than the positions.
   */
  async function isAhead(positions: Positions, partition: number, ranges: Map<Topic, LogRange>) {
    const beyond = (known: Map<Topic, LogRange>) =>
      view.topics.some((topic) => known.get(topic)!.end[partition]! < (positions[topic] ?? 0));
    return beyond(ranges) && beyond(await rangesByTopic());
  }

  async function stepPartition(partition: number, ranges: Map<Topic, LogRange>): Promise<boolean> {
    const state = await stateOf(partition);
    const lost = missedSome(state.live.positions, partition, ranges);
    const newest = state.building?.positions ?? state.live.positions;
    if (missedSome(newest, partition, ranges) || (await isAhead(newest, partition, ranges))) {
      caughtUp.delete(partition);
      return beginRebuild(partition, ranges);
    }
    const folded = !lost && (await foldSide(partition, 'live', ranges));
    if (lost) caughtUp.delete(partition);
    else if (!folded) caughtUp.add(partition);
    const built = await build(partition, ranges);
    if (toDrop.has(partition) && !(await store.dropOld(partition))) toDrop.delete(partition);
    return folded || built || toDrop.has(partition);
  }

  return {
    worker: {
      name: `view:${view.name}`,
      idle_ms: IDLE_MS,
      followsLog: true,
      async step() {
        const ranges = await rangesByTopic();
        const steps = await Promise.allSettled(
          partitions.map((partition) => stepPartition(partition, ranges)),
        );
        const failed = steps.find((step) => step.status === 'rejected');
        if (failed !== undefined) throw failed.reason;
        return steps.some((step) => step.status === 'fulfilled' && step.value);
      },
    },
    async startRebuild() {
      const ranges = await rangesByTopic();
      for (const partition of partitions) await beginRebuild(partition, ranges);
    },
    async status() {
      const ranges = await rangesByTopic();
      let lag = 0;
      let rebuilding = false;
      for (const partition of partitions) {
        const state = await store.load(partition);
        rebuilding ||= state.building !== null;
        for (const topic of view.topics) {
          lag += ranges.get(topic)!.end[partition]! - (state.live.positions[topic] ?? 0);
        }
      }
      return { lag, rebuilding };
    },
    isWhole: () => caughtUp.size === partitions.length,
    async processedPositions(topic) {
      if (!view.topics.includes(topic)) return undefined;
      const states = await Promise.all(ALL_PARTITIONS.map((partition) => store.load(partition)));
      return states.map(({ live, building }) =>
        Math.min(live.positions[topic] ?? 0, building?.positions[topic] ?? Number.MAX_SAFE_INTEGER),
      );
    },
  };
}

/**
 * Steps a view until it has caught up, at most `steps` times: for start-up, before the view is read. Whatever is left,
 * also because its store is down, is done by the view's worker.
 */
export async function catchUp({ worker, isWhole }: ViewRunner, steps: number): Promise<void> {
  for (let step = 0; step < steps && !isWhole(); step++) await unlessDown(worker.step());
}

/** Consecutive records after `after`. Duplicates are dropped; what comes behind a gap waits until the gap is filled. */
function upToGap(records: LogRecord[], after: number): LogRecord[] {
  const accepted: LogRecord[] = [];
  let last = after;
  for (const record of records) {
    if (record.position <= last) continue;
    if (record.position > last + 1) break;
    accepted.push(record);
    last = record.position;
  }
  return accepted;
}
