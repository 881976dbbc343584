import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '#platform/sqlite/database.ts';
import { describeIdLeases } from './id-leases-suite.ts';
import { createSqliteIdLeases, ID_LEASES_SCHEMA } from './sqlite-id-leases.ts';

describeIdLeases('on SQLite', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'warble-leases-'));
  const path = join(directory, 'ids.db');
  return {
    async open() {
      const db = openDatabase({ path, migrations: [ID_LEASES_SCHEMA], durability: 'full' });
      return { leases: createSqliteIdLeases(db), close: () => db.close() };
    },
    remove: async () => rmSync(directory, { recursive: true }),
  };
});
