/** Metrics of the data directory's disk usage, read when metrics are asked for. */
import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Gauge, type Registry } from 'prom-client';

/** Adds the free space of the disk, and the size of each database and its write-ahead log. */
export function registerDiskMetrics(registry: Registry, directory: string): void {
  const registers = [registry];
  new Gauge({
    name: 'warble_disk_free_bytes',
    help: 'Room for more data on the disk that holds the data directory.',
    registers,
    async collect() {
      const { bavail, bsize } = await statfs(directory);
      this.set(bavail * bsize);
    },
  });
  new Gauge({
    name: 'warble_disk_size_bytes',
    help: 'Size of the disk that holds the data directory.',
    registers,
    async collect() {
      const { blocks, bsize } = await statfs(directory);
      this.set(blocks * bsize);
    },
  });
  const files = { warble_database_bytes: '.db', warble_database_wal_bytes: '.db-wal' };
  for (const [name, ending] of Object.entries(files)) {
    new Gauge({
      name,
      help: ending === '.db' ? 'Bytes of a database.' : 'Bytes of the write-ahead log of a database.',
      labelNames: ['database'] as const,
      registers,
      async collect() {
        this.reset();
        for (const [database, bytes] of await sizesOf(directory, ending)) this.set({ database }, bytes);
      },
    });
  }
}

/** The size in bytes of each file with this extension, by name without it. Files that vanish meanwhile are left out. */
async function sizesOf(directory: string, ending: string): Promise<[name: string, bytes: number][]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(ending));
  const sizes = names.map(async (name): Promise<[string, number][]> => {
    try {
      return [[name.slice(0, -ending.length), (await stat(join(directory, name))).size]];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return [];
    }
  });
  return (await Promise.all(sizes)).flat();
}
