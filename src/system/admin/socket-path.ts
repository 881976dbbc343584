import { hash } from 'node:crypto';
import { lstatSync, mkdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../config-error.ts';

/** The path of a socket may have 104 bytes on macOS and 108 on Linux. */
const MAX_PATH_BYTES = 100;
const HASH_CHARACTERS = 32;

/** The location of a data directory's socket. */
export interface SocketPlace {
  path: string;
  /** The private directory that contains the socket; null where it is in the data directory itself. */
  directory: string | null;
}

/**
 * `admin.sock` in the data directory. Where that path is too long, it is in a private directory within the temporary
 * directory, named by a hash of the data directory. On Windows it is a named pipe with that name.
 */
export function socketPlaceOf(data: string): SocketPlace {
  const real = realpathSync(data);
  const id = hash('sha256', real, 'hex').slice(0, HASH_CHARACTERS);
  if (process.platform === 'win32') return { path: `\\\\.\\pipe\\warble-${id}`, directory: null };
  const path = join(real, 'admin.sock');
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return { path, directory: null };
  const directory = join(tmpdir(), `warble-${id}`);
  return { path: join(directory, 'admin.sock'), directory };
}

/** For the server: creates the private directory. Throws ConfigError where it exists and belongs to another user. */
export function makePrivate(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  checkPrivate(directory, process.getuid?.() ?? 0);
}

/** For the client: throws ConfigError unless the directory and the data belong to the same user. */
export function checkOwnedAs(directory: string, data: string): void {
  checkPrivate(directory, statSync(join(data, 'lock.db')).uid);
}

function checkPrivate(directory: string, uid: number): void {
  const found: Stats | undefined = lstatSync(directory, { throwIfNoEntry: false });
  if (found?.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0) return;
  throw new ConfigError(
    `${directory}, which would hold the socket for administration, belongs to somebody else or is open to others; remove it, or give a data directory with a shorter path.`,
  );
}
