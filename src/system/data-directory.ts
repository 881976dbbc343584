import { accessSync, constants, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { syncDirectory } from '#platform/files.ts';
import { ConfigError } from './config-error.ts';

export interface DataDirectory {
  path: string;
  /** Path of a file in it. */
  file(name: string): string;
  /** Releases it for another process. */
  release(): void;
}

/**
 * Locks a data directory for this process, creating it where it is missing. The lock is the operating system's, on a
 * file, so it ends with the process however that ends. Throws ConfigError with a remedy.
 */
export function takeDataDirectory(directory: string): DataDirectory {
  const path = resolve(directory);
  const pidFile = join(path, 'pid');
  let lock: DatabaseSync;
  try {
    const made = makeDirectories(path);
    if (made !== undefined) syncParents(made, path);
    // Gives the reason, where SQLite would only say that it cannot open the file.
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    lock = new DatabaseSync(join(path, 'lock.db'));
  } catch (error) {
    throw new ConfigError(
      `--data (WARBLE_DATA) ${path} cannot be used: ${(error as Error).message}; give another directory or correct its permissions.`,
    );
  }
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
    writePid(pidFile);
  } catch (error) {
    lock.close();
    if (!/locked/.test((error as Error).message)) {
      throw new ConfigError(
        `--data (WARBLE_DATA) ${path} cannot be written: ${(error as Error).message}; free some space or correct its permissions.`,
      );
    }
    throw new ConfigError(
      `the data in ${path} are in use by process ${readPid(pidFile)}; stop it, or give another directory with --data.`,
    );
  }
  return { path, file: (name) => join(path, name), release: () => lock.close() };
}

/**
 * Creates a directory and its missing parents; returns the topmost that it created. Node's own `recursive` never
 * returns where a file system reports "no such directory" for one whose parent exists, as /proc does (Node 26.10).
 */
function makeDirectories(path: string): string | undefined {
  try {
    return makeDirectory(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
  }
  const topmost = makeDirectories(dirname(path));
  const made = makeDirectory(path);
  return topmost ?? made;
}

function makeDirectory(path: string): string | undefined {
  try {
    mkdirSync(path, { mode: 0o700 });
    return path;
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return undefined;
    throw error;
  }
}

/** The content of a directory is only as durable as the entry of the directory itself. */
function syncParents(first: string, last: string): void {
  for (let made = last; made.length >= first.length; made = dirname(made)) syncDirectory(dirname(made));
}

/** The file only tells hosts which process has the directory: a full disk is no reason not to start. */
function writePid(file: string): void {
  try {
    writeFileSync(file, `${process.pid}\n`);
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

function readPid(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '(unknown)';
  }
}
