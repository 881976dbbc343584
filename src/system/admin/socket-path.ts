import { hash } from 'node:crypto';
import { lstatSync, mkdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../config-error.ts';

/** What the address of a socket has room for is 104 bytes on macOS and 108 on Linux. */
const MAX_PATH_BYTES = 100;
const HASH_CHARACTERS = 32;

/** Where the socket of a data directory is. */
export interface SocketPlace {
  path: string;
  /** The private directory that holds it, where it is not in the data directory itself; null otherwise. */
  directory: string | null;
}

/**
 * `admin.sock` in the data directory; where that path is too long, in a directory of its own in the temporary
 * directory, named by a hash of the data directory. On Windows a named pipe of that name.
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

/** For the server: makes the private directory. Throws ConfigError where somebody else has one of that name. */
export function makePrivate(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  checkPrivate(directory, process.getuid?.() ?? 0);
}

/** For the client: the directory belongs to whoever the data belong to. Throws ConfigError. */
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
