/** Opens a SQLite file, and brings it to the newest version of its schema. */
import { closeSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { WarbleError } from '#domain/errors.ts';
import { asOpeningFailure, isStorageFault } from './storage-errors.ts';

export interface ConnectOptions {
  path: string;
  migrations: readonly string[];
  durability: 'full' | 'normal';
  /** Whether this process alone has the file open, so that syncs and checkpoints are made elsewhere. */
  soleOwner: boolean;
}

/** How long a statement waits for another process. */
export const BUSY_MS = 5_000;

/**
 * Opens the connection that writes. What it then reads is on the disk: after `kill -9` a log holds commits that read
 * as any other and that a power cut would still take.
 */
export function connectWriter(options: ConnectOptions): DatabaseSync {
  const { path, migrations, durability, soleOwner } = options;
  let connection: DatabaseSync | undefined;
  try {
    connection = new DatabaseSync(path, { timeout: BUSY_MS });
    // Deletion of facts means it: what is overwritten is zeroed in the file too, not only unlinked
    // (sqlite.org/pragma.html). No memory mapping: every commit of another connection unmaps the file.
    connection.exec(`PRAGMA journal_mode = WAL;
      PRAGMA secure_delete = ${durability === 'full' ? 'ON' : 'OFF'};
      PRAGMA synchronous = ${durability === 'full' || soleOwner ? 'FULL' : 'NORMAL'};
      PRAGMA foreign_keys = ON;
      PRAGMA cache_size = -65536;
      PRAGMA mmap_size = 0;
      PRAGMA temp_store = MEMORY;`);
    migrate(connection, path, migrations);
    if (soleOwner) {
      beginLog(connection, path, migrations.length);
      connection.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;');
    }
    return connection;
  } catch (error) {
    // Undoes what was begun.
    connection?.close();
    throw asOpeningFailure(error, path);
  }
}

/** Opens one more connection, which only reads. */
export function connectReader(path: string): DatabaseSync {
  const connection = new DatabaseSync(path, { timeout: BUSY_MS });
  connection.exec(`PRAGMA query_only = ON;
    PRAGMA cache_size = -65536;
    PRAGMA mmap_size = 0;
    PRAGMA temp_store = MEMORY;`);
  return connection;
}

function migrate(connection: DatabaseSync, path: string, migrations: readonly string[]): void {
  connection.exec('BEGIN IMMEDIATE');
  const row = connection.prepare('PRAGMA user_version').get() as { user_version: number };
  if (row.user_version > migrations.length) {
    throw new WarbleError(
      'unavailable',
      `${path} was written by a newer version of this server; start that version, or restore a backup.`,
    );
  }
  // Nothing is written, and so nothing synced, where there is nothing to do.
  if (row.user_version < migrations.length) {
    for (const script of migrations.slice(row.user_version)) connection.exec(script);
    connection.exec(`PRAGMA user_version = ${migrations.length}`);
  }
  connection.exec('COMMIT');
}

/**
 * Syncs what the log holds, with its header and its place in the directory. A commit that says nothing new makes an
 * empty log have a header, which the first writer would otherwise sync on its own thread.
 */
function beginLog(connection: DatabaseSync, path: string, version: number): void {
  try {
    connection.exec(`PRAGMA user_version = ${version}`);
  } catch (error) {
    // A full disk still lets users read.
    if (!isStorageFault(error)) throw error;
  }
  for (const synced of [`${path}-wal`, dirname(path)]) {
    // Windows opens no directories; its file system keeps the order of such changes by itself.
    if (synced === dirname(path) && process.platform === 'win32') continue;
    const descriptor = openSync(synced, synced === dirname(path) ? 'r' : 'r+');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }
}
