/**
 * Loads a graph into an SQLite social store in bulk, for benchmarks and imports: public follows with exact counts but
 * without events, so views of follows must be rebuilt afterwards. Only for use before the system serves.
 */
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { Database } from '#platform/sqlite/database.ts';

export interface BulkFollow {
  follower: UserId;
  followee: UserId;
  id: Snowflake;
}

/**
 * Adds follows between existing users; follows that exist are skipped. At most 100,000 in a call, which is one
 * transaction; fastest in (followee, follower) order. Resolves with how many were new.
 */
export function loadFollows(db: Database, follows: readonly BulkFollow[]): Promise<number> {
  const insert = db.prepare(
    'INSERT INTO follows (target, source, id) VALUES (?, ?, ?) ON CONFLICT (target, source) DO NOTHING',
  );
  const gain = db.prepare('UPDATE people SET followers = followers + ? WHERE user_id = ?');
  const give = db.prepare(
    'UPDATE people SET following = following + ?1, outgoing = outgoing + ?1 WHERE user_id = ?2',
  );
  return db.write(() => {
    const gained = new Map<UserId, number>();
    const given = new Map<UserId, number>();
    let added = 0;
    for (const { follower, followee, id } of follows) {
      if (insert.run(followee, follower, id).changes === 0) continue;
      gained.set(followee, (gained.get(followee) ?? 0) + 1);
      given.set(follower, (given.get(follower) ?? 0) + 1);
      added += 1;
    }
    for (const [userId, by] of gained) gain.run(by, userId);
    for (const [userId, by] of given) give.run(by, userId);
    return added;
  });
}

/**
 * Runs loads without the indexes of `follows`, and rebuilds them at the end by sorting: the index by source would
 * otherwise be written in random places throughout. If the process dies meanwhile, the file must be discarded.
 */
export async function whileUnindexed<T>(db: Database, load: () => Promise<T>): Promise<T> {
  const indexes = db
    .prepare(
      `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'follows' AND sql NOT NULL`,
    )
    .all() as { name: string; sql: string }[];
  const run = (sql: string) => db.write(() => void db.prepare(sql).run());
  for (const { name } of indexes) await run(`DROP INDEX ${name}`);
  const loaded = await load();
  for (const { sql } of indexes) await run(sql);
  return loaded;
}
