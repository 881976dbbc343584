/**
 * A disk that can be full. Where the system lets us (Linux, root) it is a real file system of a few megabytes, so
 * that every write there is refused as a full disk refuses it. Elsewhere SQLite is told, inside the server's
 * process, that no file may grow: it then reports the same error from the same place, but pictures, which are
 * plain files, never meet it.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from '../support/server.ts';

export interface SmallDisk {
  kind: 'file system' | 'page count';
  data: string;
  /** Environment for the servers on it. */
  env: Record<string, string>;
  fill(server: Server): void;
  free(server: Server): void;
  remove(): void;
}

const SIZE = '16m';

export function openSmallDisk(): SmallDisk {
  const directory = mkdtempSync(join(tmpdir(), 'warble-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', directory]).status === 0;
  return mounted ? mountedDisk(directory) : countedDisk(directory);
}

function mountedDisk(directory: string): SmallDisk {
  const ballast = join(directory, 'ballast');
  return {
    kind: 'file system',
    data: join(directory, 'data'),
    env: {},
    fill: () => fillWith(ballast),
    free: () => rmSync(ballast),
    remove() {
      spawnSync('umount', [directory]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Writes a file until the disk takes no byte more. */
function fillWith(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (const size of [65_536, 512, 1]) {
      const block = Buffer.alloc(size);
      try {
        for (;;) writeSync(file, block);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(file);
  }
}

/** Loaded into the server: at SIGUSR2 no database may grow, at the next one they may again. */
const LIMITER = `
  const { DatabaseSync } = require('node:sqlite');
  const open = new Set();
  const { prepare } = DatabaseSync.prototype;
  DatabaseSync.prototype.prepare = function (...args) {
    open.add(this);
    return prepare.apply(this, args);
  };
  let most = 4294967294;
  process.on('SIGUSR2', () => {
    most = most === 1 ? 4294967294 : 1;
    for (const database of open) if (database.isOpen) database.exec('PRAGMA max_page_count = ' + most);
    process.stderr.write('limit ' + most + '\\n');
  });
`;

function countedDisk(directory: string): SmallDisk {
  const limiter = join(directory, 'limiter.cjs');
  writeFileSync(limiter, LIMITER);
  const turn = ({ pid }: Server) => process.kill(pid, 'SIGUSR2');
  return {
    kind: 'page count',
    data: join(directory, 'data'),
    env: { NODE_OPTIONS: `--require=${limiter}` },
    fill: turn,
    free: turn,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
