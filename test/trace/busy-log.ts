/** A program to be traced: writes to a database in the given directory, whose log is short and so begins anew often. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createDiskThreads } from '#platform/sqlite/disk-threads.ts';
import { openDatabase } from '#platform/sqlite/open-database.ts';

const directory = process.argv[2]!;
mkdirSync(directory, { recursive: true });
const disk = createDiskThreads({
  onFailure(error) {
    throw error;
  },
});
const db = openDatabase({
  path: join(directory, 'busy.db'),
  migrations: ['CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)'],
  durability: 'full',
  disk: { ...disk, logBounds: { sync: 5, checkpoint: 20, restart: 60, max: 200 } },
});
const insert = db.prepare('INSERT INTO t (b) VALUES (?)');
const write = () => db.write(() => insert.run('x'.repeat(6_000)));

for (let i = 0; i < 20; i++) await write();
process.stdout.write('mark\n');
for (let i = 0; i < 300; i++) await Promise.all([write(), write()]);
process.stdout.write('mark\n');
await db.close();
await disk.close();
