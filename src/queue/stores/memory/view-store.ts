import type { MemoryCommits } from '#platform/memory-commits.ts';
import { type Positions, samePositions, type ViewState, type ViewStore } from '../../view.ts';

/** The states of a view by partition: what the handles open on one backend share. */
export type MemoryViewStates = Map<number, ViewState>;

export interface MemoryViewStoreDeps<Patch> {
  commits: MemoryCommits;
  states: MemoryViewStates;
  /** Writes a patch into a generation's data, in the turn that moves the position. Must not throw. */
  apply: (patch: Patch, at: { partition: number; generation: number }) => void;
  /** Deletes some of one dead generation's data, at most `limit` entries; returns how many it deleted. */
  drop: (at: { partition: number; generation: number; limit: number }) => number;
  /** Called in the turn that makes another generation the live one. */
  swapped?: () => void;
}

const MAX_DROP = 1_000;

/** {@link ViewStore} in memory, for any view. Nothing is lost while the process lives. */
export function createMemoryViewStore<Patch>(deps: MemoryViewStoreDeps<Patch>): ViewStore<Patch> {
  const { commits, states, apply, drop, swapped } = deps;

  function stateOf(partition: number): ViewState {
    let state = states.get(partition);
    if (state === undefined) {
      state = { epoch: 0, live: { generation: 0, positions: {} }, building: null };
      states.set(partition, state);
    }
    return state;
  }

  /** Runs `change` where `epoch` still owns the partition. */
  function owned(
    request: { partition: number; epoch: number },
    change: (state: ViewState) => boolean,
  ): Promise<boolean> {
    return commits.write(() => {
      const state = stateOf(request.partition);
      return state.epoch === request.epoch && change(state);
    });
  }

  return {
    load: async (partition) => structuredClone(stateOf(partition)),
    claim: (partition) =>
      commits.write(() => {
        const state = stateOf(partition);
        state.epoch++;
        return structuredClone(state);
      }),
    commit: (request) =>
      owned(request, ({ live, building }) => {
        const { partition, generation, expected, next, patch } = request;
        const side = live.generation === generation ? live : building;
        if (side?.generation !== generation || !samePositions(side.positions, expected)) return false;
        apply(patch, { partition, generation });
        side.positions = { ...next };
        return true;
      }),
    beginRebuild: (request) =>
      owned(request, (state) => {
        // Not a generation in which an abandoned rebuild left data: that is dropped with the old ones.
        const generation = Math.max(state.live.generation, state.building?.generation ?? 0) + 1;
        const positions: Positions = { ...request.positions };
        state.building = { generation, positions, cursor: '' };
        return true;
      }),
    commitScan: (request) =>
      owned(request, ({ building }) => {
        const { partition, generation, patch, expectedCursor, cursor } = request;
        if (building?.generation !== generation || building.cursor !== expectedCursor) return false;
        apply(patch, { partition, generation });
        building.cursor = cursor;
        return true;
      }),
    swap: (request) =>
      owned(request, (state) => {
        const { building } = state;
        if (building?.generation !== request.generation || building.cursor !== null) return false;
        state.live = { generation: building.generation, positions: building.positions };
        state.building = null;
        swapped?.();
        return true;
      }),
    onLost() {},
    dropOld: (partition) =>
      commits.write(() => {
        const { live, building } = stateOf(partition);
        const newest = building?.generation ?? live.generation;
        for (let generation = 0; generation < newest; generation++) {
          if (generation === live.generation) continue;
          if (drop({ partition, generation, limit: MAX_DROP }) > 0) return true;
        }
        return false;
      }),
  };
}
