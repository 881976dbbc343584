import type { UserId } from '#domain/ids.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { HiddenPeriod } from '../../social.ts';
import { MAX_HIDDEN_PERIODS } from '../../social-store.ts';

/** Ended mutes and blocks in SQLite. Writes belong inside `db.write`. */
export function createSqliteHiddenPeriods(db: Database) {
  const add = db.prepare(
    'INSERT OR IGNORE INTO hidden_periods (viewer, until, other, since) VALUES (?, ?, ?, ?)',
  );
  const trim = db.prepare(
    `DELETE FROM hidden_periods WHERE viewer = ?1 AND until <= (
       SELECT until FROM hidden_periods WHERE viewer = ?1
       ORDER BY until DESC LIMIT 1 OFFSET ${MAX_HIDDEN_PERIODS})`,
  );
  const select = db.prepare('SELECT other AS userId, since, until FROM hidden_periods WHERE viewer = ?');
  const forget = ['viewer', 'other'].map((column) =>
    db.prepare(
      `DELETE FROM hidden_periods WHERE (viewer, until) IN (
         SELECT viewer, until FROM hidden_periods WHERE ${column} = ? LIMIT ? + 0)`,
    ),
  );
  return {
    add({ viewer, userId, since, until }: HiddenPeriod & { viewer: UserId }): void {
      add.run(viewer, until, userId, since);
      trim.run(viewer);
    },
    of: (viewer: UserId): HiddenPeriod[] =>
      (select.all(viewer) as unknown as HiddenPeriod[]).map((row) => ({ ...row })),
    forget(userId: UserId, limit: number): number {
      let gone = 0;
      for (const statement of forget) {
        if (gone < limit) gone += Number(statement.run(userId, limit - gone).changes);
      }
      return gone;
    },
  };
}
