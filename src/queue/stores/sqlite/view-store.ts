import { isWhole } from '#platform/sqlite/damage.ts';
import type { DerivedDatabase } from '#platform/sqlite/derived-database.ts';
import { type Positions, samePositions, type ViewState, type ViewStore } from '../../view.ts';

/** Belongs in the first migration of every database that holds views. */
export const VIEW_STATE_SCHEMA = `CREATE TABLE view_state (
  view TEXT NOT NULL,
  partition INTEGER NOT NULL,
  epoch INTEGER NOT NULL DEFAULT 0,
  live_generation INTEGER NOT NULL DEFAULT 0,
  live_positions TEXT NOT NULL DEFAULT '{}',
  building_generation INTEGER,
  building_positions TEXT,
  building_cursor TEXT,
  PRIMARY KEY (view, partition)
) WITHOUT ROWID;`;

export interface SqliteViewStoreDeps<Patch> {
  db: DerivedDatabase;
  name: string;
  /** Writes a patch into a generation's rows; runs inside the transaction that moves the position. */
  apply: (patch: Patch, at: { partition: number; generation: number }) => void;
  /** Deletes at most `limit` rows of one dead generation; returns how many it deleted. */
  drop: (at: { partition: number; generation: number; limit: number }) => number;
  /** Runs inside the transaction that makes another generation the live one. */
  swapped?: () => void;
}

interface Row {
  epoch: number;
  live_generation: number;
  live_positions: string;
  building_generation: number | null;
  building_positions: string | null;
  building_cursor: string | null;
}

const MAX_DROP = 1_000;

/** {@link ViewStore} on SQLite, for any view whose rows live in the same database as its position. */
export function createSqliteViewStore<Patch>(deps: SqliteViewStoreDeps<Patch>): ViewStore<Patch> {
  const { db, name, apply, drop, swapped } = deps;
  const select = db.prepare('SELECT * FROM view_state WHERE view = ? AND partition = ?');
  const insert = db.prepare('INSERT OR IGNORE INTO view_state (view, partition) VALUES (?, ?)');
  const raiseEpoch = db.prepare('UPDATE view_state SET epoch = epoch + 1 WHERE view = ? AND partition = ?');
  const setLive = db.prepare('UPDATE view_state SET live_positions = ? WHERE view = ? AND partition = ?');
  const setBuilding = db.prepare(
    `UPDATE view_state SET building_generation = ?, building_positions = ?, building_cursor = ?
     WHERE view = ? AND partition = ?`,
  );
  const promote = db.prepare(
    `UPDATE view_state SET live_generation = building_generation, live_positions = building_positions,
       building_generation = NULL, building_positions = NULL, building_cursor = NULL
     WHERE view = ? AND partition = ?`,
  );

  function read(partition: number): ViewState {
    const row = select.get(name, partition) as Row | undefined;
    if (row !== undefined && ![row.epoch, row.live_generation, row.building_generation ?? 0].every(isWhole)) {
      throw db.damaged(`the state of the view ${name} cannot be read`);
    }
    if (row === undefined) return { epoch: 0, live: { generation: 0, positions: {} }, building: null };
    return {
      epoch: row.epoch,
      live: { generation: row.live_generation, positions: positionsIn(row.live_positions) },
      building:
        row.building_generation === null
          ? null
          : {
              generation: row.building_generation,
              positions: positionsIn(row.building_positions ?? '{}'),
              cursor: row.building_cursor,
            },
    };
  }

  function positionsIn(text: string): Positions {
    const positions = parsedPositions(text);
    if (positions === undefined) throw db.damaged(`the positions of the view ${name} cannot be read`);
    return positions;
  }

  /** Runs `change` where `epoch` still owns the partition. */
  function owned(
    request: { partition: number; epoch: number },
    change: (state: ViewState) => boolean,
  ): Promise<boolean> {
    return db.write(() => {
      const state = read(request.partition);
      return state.epoch === request.epoch && change(state);
    });
  }

  return {
    load: async (partition) => read(partition),
    claim: (partition) =>
      db.write(() => {
        insert.run(name, partition);
        raiseEpoch.run(name, partition);
        return read(partition);
      }),
    commit: (request) =>
      owned(request, (state) => {
        const { partition, generation, expected, next, patch } = request;
        const side = state.live.generation === generation ? state.live : state.building;
        if (side?.generation !== generation || !samePositions(side.positions, expected)) return false;
        apply(patch, { partition, generation });
        const positions = JSON.stringify(next);
        if (side === state.live) setLive.run(positions, name, partition);
        else setBuilding.run(generation, positions, state.building?.cursor ?? null, name, partition);
        return true;
      }),
    beginRebuild: (request) =>
      owned(request, (state) => {
        // Not a generation in which an abandoned rebuild left rows: those are dropped with the old ones.
        const generation = Math.max(state.live.generation, state.building?.generation ?? 0) + 1;
        setBuilding.run(generation, JSON.stringify(request.positions), '', name, request.partition);
        return true;
      }),
    commitScan: (request) =>
      owned(request, ({ building }) => {
        const { partition, generation, patch, expectedCursor, cursor } = request;
        if (building?.generation !== generation || building.cursor !== expectedCursor) return false;
        apply(patch, { partition, generation });
        setBuilding.run(generation, JSON.stringify(building.positions), cursor, name, partition);
        return true;
      }),
    swap: (request) =>
      owned(request, ({ building }) => {
        if (building?.generation !== request.generation || building.cursor !== null) return false;
        promote.run(name, request.partition);
        swapped?.();
        return true;
      }),
    onLost: db.onReplaced,
    dropOld: (partition) =>
      db.write(() => {
        const { live, building } = read(partition);
        const newest = building?.generation ?? live.generation;
        for (let generation = 0; generation < newest; generation++) {
          if (generation === live.generation) continue;
          if (drop({ partition, generation, limit: MAX_DROP }) > 0) return true;
        }
        return false;
      }),
  };
}

function parsedPositions(text: string): Positions | undefined {
  try {
    const positions = JSON.parse(text) as Positions;
    return Object.values(positions).every(isWhole) ? positions : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
