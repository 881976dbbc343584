import { SNOWFLAKE_NODES } from '#contract/ids.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { IdLeases, Lease } from './minter.ts';

export const ID_LEASES_SCHEMA = `CREATE TABLE id_leases (
  node INTEGER PRIMARY KEY,
  holder TEXT NOT NULL,
  ends_ms INTEGER NOT NULL,
  high_water_ms INTEGER NOT NULL
);`;

/** {@link IdLeases} on a database whose migrations contain {@link ID_LEASES_SCHEMA}. */
export function createSqliteIdLeases(db: Database): IdLeases {
  const free = db.prepare(
    `SELECT node, high_water_ms FROM id_leases WHERE ends_ms <= ? OR holder = ? ORDER BY high_water_ms, node LIMIT 1`,
  );
  const count = db.prepare('SELECT count(*) AS taken FROM id_leases');
  const take = db.prepare(
    `INSERT INTO id_leases (node, holder, ends_ms, high_water_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (node) DO UPDATE SET holder = excluded.holder, ends_ms = excluded.ends_ms`,
  );
  const extend = db.prepare(
    'UPDATE id_leases SET ends_ms = ?, high_water_ms = max(high_water_ms, ?) WHERE node = ? AND holder = ?',
  );
  const giveBack = db.prepare(
    'UPDATE id_leases SET ends_ms = 0, high_water_ms = ? WHERE node = ? AND holder = ?',
  );
  return {
    acquire: ({ holder, now_ms, duration_ms }) =>
      db.write((): Lease | undefined => {
        const row = free.get(now_ms, holder) as { node: number; high_water_ms: number } | undefined;
        const taken = (count.get() as { taken: number }).taken;
        const rested = row !== undefined && (row.high_water_ms <= now_ms || taken >= SNOWFLAKE_NODES);
        if (!rested && taken >= SNOWFLAKE_NODES) return undefined;
        const lease: Lease = rested
          ? { node: row.node, highWater_ms: row.high_water_ms }
          : { node: taken, highWater_ms: 0 };
        take.run(lease.node, holder, now_ms + duration_ms, lease.highWater_ms);
        return lease;
      }),
    renew: ({ node, holder, now_ms, duration_ms, highWater_ms }) =>
      db.write(() => extend.run(now_ms + duration_ms, highWater_ms, node, holder).changes === 1),
    release: ({ node, holder, highWater_ms }) =>
      db.write(() => void giveBack.run(highWater_ms, node, holder)),
  };
}
