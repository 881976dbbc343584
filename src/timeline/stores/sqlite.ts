import { PARTITIONS } from '#contract/events.ts';
import type { UserId } from '#contract/ids.ts';
import { type CommitFaults, type Database, openDatabase } from '#platform/sqlite/database.ts';
import type { PackedHome, PulledTail, TimelineDb } from '#timeline/timeline-db.ts';
import { TIMELINE_MIGRATIONS } from './sqlite-schema.ts';

interface HomeRow {
  reader: UserId;
  ids: Uint8Array;
  floor: number;
  members: number;
  complete_to: Uint8Array;
  updated_at: number;
}
interface PulledRow {
  actor: UserId;
  ids: Uint8Array;
  floor: number;
}

/** {@link TimelineDb} on SQLite. A cache: a crash of the machine may take the newest rows, in order. */
export function openSqliteTimelineDb(options: {
  path: string;
  faults?: CommitFaults | undefined;
}): TimelineDb & { db: Database } {
  const db = openDatabase({ ...options, migrations: TIMELINE_MIGRATIONS, durability: 'normal' });
  return { db, ...createHomeRows(db), ...createPulledRows(db), forget: createForget(db) };
}

function createHomeRows(db: Database): Pick<TimelineDb, 'load' | 'save' | 'dropOlder'> {
  const select = db.prepare('SELECT * FROM homes WHERE reader = ?');
  const upsert = db.prepare(
    `INSERT INTO homes (reader, ids, floor, members, complete_to, updated_at) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (reader) DO UPDATE SET ids = excluded.ids, floor = excluded.floor, members = excluded.members,
       complete_to = excluded.complete_to, updated_at = excluded.updated_at`,
  );
  const drop = db.prepare(
    'DELETE FROM homes WHERE reader IN (SELECT reader FROM homes WHERE updated_at < ? LIMIT ? + 0)',
  );
  return {
    async load({ reader }) {
      const row = select.get(reader) as HomeRow | undefined;
      return row === undefined ? null : homeOf(row);
    },
    save: ({ homes }) =>
      db.write(() => {
        for (const home of homes) {
          const { reader, floor, members, updatedAt, completeTo } = home;
          const positions = Float64Array.from([...completeTo.tweets, ...completeTo.reposts]);
          upsert.run(reader, packed(home.ids), floor, members, packed(positions), updatedAt);
        }
      }),
    dropOlder: ({ updatedBefore, limit }) =>
      db.write(() => Number(drop.run(updatedBefore, limit).changes) === limit),
  };
}

function createPulledRows(db: Database): Pick<TimelineDb, 'addPulled' | 'scanPulled'> {
  const select = db.prepare('SELECT * FROM pulled WHERE actor = ?');
  const upsert = db.prepare(
    `INSERT INTO pulled (actor, ids, floor) VALUES (?, ?, ?)
     ON CONFLICT (actor) DO UPDATE SET ids = excluded.ids, floor = excluded.floor`,
  );
  const scan = db.prepare('SELECT * FROM pulled WHERE actor > ? ORDER BY actor LIMIT ? + 0');
  return {
    addPulled: ({ actor, activities, keep }) =>
      db.write(() => {
        const row = select.get(actor) as PulledRow | undefined;
        const old = row === undefined ? [] : unpacked(row.ids);
        const floor = row?.floor ?? 0;
        const all = [...new Set([...old, ...activities.filter((id) => Math.abs(id) >= floor)])];
        all.sort((a, b) => Math.abs(a) - Math.abs(b));
        const ids = Float64Array.from(all.slice(-keep));
        const tail: PulledTail = { actor, ids, floor: all.length > keep ? Math.abs(ids[0]!) : floor };
        upsert.run(actor, packed(tail.ids), tail.floor);
        return tail;
      }),
    async scanPulled({ after, limit }) {
      const rows = scan.all(after, limit) as unknown as PulledRow[];
      const tails = rows.map(({ actor, ids, floor }) => ({ actor, ids: unpacked(ids), floor }));
      return { tails, next: rows.length < limit ? null : rows.at(-1)!.actor };
    },
  };
}

function createForget(db: Database): TimelineDb['forget'] {
  const dropHome = db.prepare('DELETE FROM homes WHERE reader = ?');
  const dropPulled = db.prepare('DELETE FROM pulled WHERE actor = ?');
  return ({ person }) =>
    db.write(() => {
      dropHome.run(person);
      dropPulled.run(person);
    });
}

function homeOf(row: HomeRow): PackedHome {
  const positions = [...unpacked(row.complete_to)];
  return {
    reader: row.reader,
    ids: unpacked(row.ids),
    floor: row.floor,
    members: row.members,
    completeTo: { tweets: positions.slice(0, PARTITIONS), reposts: positions.slice(PARTITIONS) },
    updatedAt: row.updated_at,
  };
}

function packed(values: Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Copies: a BLOB need not lie at a multiple of 8. */
function unpacked(bytes: Uint8Array): Float64Array {
  return new Float64Array(bytes.slice().buffer);
}
