/** Relationships in SQLite: one relationship read and written. */
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { Relationship, RelationshipKey } from '../../social-store.ts';

const TABLES = [
  'follows',
  'private_follows',
  'follow_requests',
  'blocks',
  'mutes',
  'hidden_reposts',
] as const;
export type Table = (typeof TABLES)[number];

/** The parts of a relationship, one column for each table; `protections` belongs to the private follow. */
type RelationshipRecord = Record<Table, Snowflake | null> & { protections: number | null };

function rowOf(relationship: Relationship): RelationshipRecord {
  return {
    follows: relationship.follow !== null && !relationship.follow.private ? relationship.follow.id : null,
    private_follows: relationship.follow?.private ? relationship.follow.id : null,
    follow_requests: relationship.request,
    blocks: relationship.block,
    mutes: relationship.mute,
    hidden_reposts: relationship.hiddenReposts,
    protections: relationship.follow?.private ? relationship.follow.protections : null,
  };
}

function followOf({
  follows,
  private_follows: secret,
  protections,
}: RelationshipRecord): Relationship['follow'] {
  if (follows !== null) return { id: follows, private: false };
  return secret === null ? null : { id: secret, private: true, protections: protections ?? 0 };
}

function relationshipOf(row: RelationshipRecord): Relationship {
  return {
    follow: followOf(row),
    request: row.follow_requests,
    block: row.blocks,
    mute: row.mutes,
    hiddenReposts: row.hidden_reposts,
  };
}

/** Reads and writes one relationship; the write belongs inside `db.write`. */
export function createSqliteRelationships(db: Database) {
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
    get: ({ source, target }: RelationshipKey): Relationship =>
      relationshipOf(read.get(source, target) as RelationshipRecord),
    save({ source, target }: RelationshipKey, before: Relationship, after: Relationship): void {
      const [was, is] = [rowOf(before), rowOf(after)];
      for (const table of TABLES) {
        const id = is[table];
        if (id === was[table]) continue;
        if (id === null) remove[table].run(source, target);
        else if (table === 'private_follows') putPrivate.run(source, target, id, is.protections);
        else put[table].run(source, target, id);
      }
    },
    touching(userId: UserId, limit: number): RelationshipKey[] {
      const found = new Map<string, RelationshipKey>();
      for (const statement of touching) {
        const left = limit - found.size;
        if (left <= 0) break;
        for (const row of statement.all(userId, left) as { source: number; target: number }[]) {
          found.set(`${row.source} ${row.target}`, { source: row.source, target: row.target });
        }
      }
      return [...found.values()];
    },
  };
}

function statements<T>(make: (table: Table) => T): Record<Table, T> {
  return Object.fromEntries(TABLES.map((table) => [table, make(table)])) as Record<Table, T>;
}
