/** Ties in SQLite: one tie read and written. */
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { Tie, TieKey } from '../../social-store.ts';

const TABLES = [
  'follows',
  'private_follows',
  'follow_requests',
  'blocks',
  'mutes',
  'hidden_reposts',
] as const;
export type Table = (typeof TABLES)[number];

/** The parts of a tie as its tables hold them; `protections` belongs to the private follow. */
type TieRow = Record<Table, Snowflake | null> & { protections: number | null };

function rowOf(tie: Tie): TieRow {
  return {
    follows: tie.follow !== null && !tie.follow.private ? tie.follow.id : null,
    private_follows: tie.follow?.private ? tie.follow.id : null,
    follow_requests: tie.request,
    blocks: tie.block,
    mutes: tie.mute,
    hidden_reposts: tie.hiddenReposts,
    protections: tie.follow?.private ? tie.follow.protections : null,
  };
}

function followOf({ follows, private_follows: secret, protections }: TieRow): Tie['follow'] {
  if (follows !== null) return { id: follows, private: false };
  return secret === null ? null : { id: secret, private: true, protections: protections ?? 0 };
}

function tieOf(row: TieRow): Tie {
  return {
    follow: followOf(row),
    request: row.follow_requests,
    block: row.blocks,
    mute: row.mutes,
    hiddenReposts: row.hidden_reposts,
  };
}

/** Reads and writes one tie; the write belongs inside `db.write`. */
export function createSqliteTies(db: Database) {
  const part = (table: Table) => `(SELECT id FROM ${table} WHERE target = ?2 AND source = ?1) AS ${table}`;
  const read = db.prepare(
    `SELECT ${TABLES.map(part).join(', ')},
       (SELECT protections FROM private_follows WHERE target = ?2 AND source = ?1) AS protections`,
  );
  const put = statements((table) =>
    db.prepare(
      `INSERT INTO ${table} (source, target, id) VALUES (?, ?, ?)
       ON CONFLICT (target, source) DO UPDATE SET id = excluded.id`,
    ),
  );
  const putPrivate = db.prepare(
    `INSERT INTO private_follows (source, target, id, protections) VALUES (?, ?, ?, ?)
     ON CONFLICT (target, source) DO UPDATE SET id = excluded.id, protections = excluded.protections`,
  );
  const remove = statements((table) => db.prepare(`DELETE FROM ${table} WHERE source = ? AND target = ?`));
  const touching = TABLES.flatMap((table) => [
    db.prepare(`SELECT source, target FROM ${table} WHERE source = ? LIMIT ? + 0`),
    db.prepare(`SELECT source, target FROM ${table} WHERE target = ? LIMIT ? + 0`),
  ]);

  return {
    get: ({ from, to }: TieKey): Tie => tieOf(read.get(from, to) as TieRow),
    save({ from, to }: TieKey, before: Tie, after: Tie): void {
      const [was, is] = [rowOf(before), rowOf(after)];
      for (const table of TABLES) {
        const id = is[table];
        if (id === was[table]) continue;
        if (id === null) remove[table].run(from, to);
        else if (table === 'private_follows') putPrivate.run(from, to, id, is.protections);
        else put[table].run(from, to, id);
      }
    },
    touching(userId: UserId, limit: number): TieKey[] {
      const found = new Map<string, TieKey>();
      for (const statement of touching) {
        const left = limit - found.size;
        if (left <= 0) break;
        for (const row of statement.all(userId, left) as { source: number; target: number }[]) {
          found.set(`${row.source} ${row.target}`, { from: row.source, to: row.target });
        }
      }
      return [...found.values()];
    },
  };
}

function statements<T>(make: (table: Table) => T): Record<Table, T> {
  return Object.fromEntries(TABLES.map((table) => [table, make(table)])) as Record<Table, T>;
}
