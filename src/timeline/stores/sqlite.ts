import { PARTITIONS } from '#domain/events.ts';
import type { UserId } from '#domain/ids.ts';
import { type CommitChanges, createCommitChanges } from '#platform/commit-changes.ts';
import { isWhole } from '#platform/sqlite/damage.ts';
import {
  type DerivedDatabase,
  type DerivedDatabaseOptions,
  openDerivedDatabase,
} from '#platform/sqlite/derived-database.ts';
import type { FanOutOnReadTail, OpenedTimelineDb, PackedHome, TimelineDb } from '#timeline/timeline-db.ts';
import { TIMELINE_MIGRATIONS } from './sqlite/schema.ts';

interface HomeRow {
  reader: UserId;
  ids: Uint8Array;
  floor: number;
  members: number;
  complete_to: Uint8Array;
  updated_at: number;
}
interface FanOutOnReadRow {
  actor: UserId;
  ids: Uint8Array;
  floor: number;
}

/** {@link TimelineDb} on SQLite. It is a cache: a crash of the machine may take the newest rows, in order. */
export function openSqliteTimelineDb(
  options: Omit<DerivedDatabaseOptions, 'migrations'>,
): OpenedTimelineDb & { db: DerivedDatabase } {
  const db = openDerivedDatabase({ ...options, migrations: TIMELINE_MIGRATIONS });
  const tailChanges = createCommitChanges(db);
  return {
    db,
    ...createHomeRows(db),
    ...createFanOutOnReadRows(db, tailChanges),
    tailChanges: tailChanges.source,
    forget: createForget(db, tailChanges),
    onLost: db.onReplaced,
    close: db.close,
  };
}

function createHomeRows(db: DerivedDatabase): Pick<TimelineDb, 'load' | 'save' | 'dropOlder'> {
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
      return row === undefined ? null : homeOf(db, row);
    },
    save: ({ homes }) =>
      db.write(() => {
        for (const home of homes) {
          const { reader, floor, digest, updatedAt, completeTo } = home;
          const positions = Float64Array.from([...completeTo.tweets, ...completeTo.reposts]);
          upsert.run(reader, packed(home.ids), floor, digest, packed(positions), updatedAt);
        }
      }),
    dropOlder: ({ updatedBefore, limit }) =>
      db.write(() => Number(drop.run(updatedBefore, limit).changes) === limit),
  };
}

function createFanOutOnReadRows(
  db: DerivedDatabase,
  tailChanges: CommitChanges,
): Pick<TimelineDb, 'addFanOutOnRead' | 'fanOutOnReadActors' | 'fanOutOnReadTails'> {
  const select = db.prepare('SELECT * FROM pulled WHERE actor = ?');
  const upsert = db.prepare(
    `INSERT INTO pulled (actor, ids, floor) VALUES (?, ?, ?)
     ON CONFLICT (actor) DO UPDATE SET ids = excluded.ids, floor = excluded.floor`,
  );
  const scan = db.prepare('SELECT actor FROM pulled WHERE actor > ? ORDER BY actor LIMIT ? + 0');
  const selectSome = db.prepare('SELECT * FROM pulled WHERE actor IN (SELECT value FROM json_each(?))');
  return {
    addFanOutOnRead: ({ actor, activities, keep }) =>
      db.write(() => {
        const row = select.get(actor) as FanOutOnReadRow | undefined;
        const { ids: old, floor } = row === undefined ? { ids: [], floor: 0 } : tailOf(db, row);
        const all = [...new Set([...old, ...activities.filter((id) => Math.abs(id) >= floor)])];
        all.sort((a, b) => Math.abs(a) - Math.abs(b));
        const ids = Float64Array.from(all.slice(-keep));
        const tail: FanOutOnReadTail = { actor, ids, floor: all.length > keep ? Math.abs(ids[0]!) : floor };
        upsert.run(actor, packed(tail.ids), tail.floor);
        tailChanges.changed(actor);
        return tail;
      }),
    async fanOutOnReadActors({ after, limit }) {
      const rows = scan.all(after, limit) as unknown as Pick<FanOutOnReadRow, 'actor'>[];
      const actors = rows.map(({ actor }) => actor);
      return { actors, next: actors.length < limit ? null : actors.at(-1)! };
    },
    async fanOutOnReadTails({ actors }) {
      const rows = selectSome.all(JSON.stringify(actors)) as unknown as FanOutOnReadRow[];
      return rows.map((row) => tailOf(db, row));
    },
  };
}

function createForget(db: DerivedDatabase, tailChanges: CommitChanges): TimelineDb['forget'] {
  const dropHome = db.prepare('DELETE FROM homes WHERE reader = ?');
  const dropTail = db.prepare('DELETE FROM pulled WHERE actor = ?');
  return ({ user }) =>
    db.write(() => {
      dropHome.run(user);
      dropTail.run(user);
      tailChanges.changed(user);
    });
}

function homeOf(db: DerivedDatabase, row: HomeRow): PackedHome {
  const { ids, complete_to: completeTo, floor, members: digest, updated_at: updatedAt } = row;
  const positions = unpacked(completeTo) ?? [];
  const activities = unpacked(ids);
  const isPlain =
    positions.length === 2 * PARTITIONS &&
    positions.every(isWhole) &&
    [floor, digest, updatedAt].every(isWhole);
  if (!isPlain || !areActivities(activities)) throw db.damaged(`the home of ${row.reader} cannot be read`);
  return {
    reader: row.reader,
    ids: activities,
    floor,
    digest,
    completeTo: { tweets: [...positions.slice(0, PARTITIONS)], reposts: [...positions.slice(PARTITIONS)] },
    updatedAt,
  };
}

function tailOf(db: DerivedDatabase, { actor, ids, floor }: FanOutOnReadRow): FanOutOnReadTail {
  const activities = unpacked(ids);
  if (!isWhole(floor) || !areActivities(activities)) throw db.damaged(`the tail of ${actor} cannot be read`);
  return { actor, ids: activities, floor };
}

/** Whether these are whole numbers, oldest first. Those of reposts are negative. */
function areActivities(ids: Float64Array | undefined): ids is Float64Array {
  return (
    ids?.every((id, at) => isWhole(Math.abs(id)) && (at === 0 || Math.abs(id) >= Math.abs(ids[at - 1]!))) ??
    false
  );
}

function packed(values: Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** A copy, since a BLOB need not be aligned to 8 bytes. Undefined where it cannot be a list of numbers. */
function unpacked(bytes: unknown): Float64Array | undefined {
  if (!(bytes instanceof Uint8Array) || bytes.length % 8 !== 0) return undefined;
  return new Float64Array(bytes.slice().buffer);
}
