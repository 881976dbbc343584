import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { WarbleError } from '#domain/errors.ts';
import type { Clock } from '#platform/clock.ts';
import type { Random } from '#platform/random.ts';
import { extensionOf, type MediaStore } from '../media-store.ts';

export interface DiskMediaStoreDeps {
  directory: string;
  clock: Clock;
  random: Random;
}

/** A temporary file as old as this was left by a crash. */
const LEFT_OVER_MS = 24 * 3_600_000;

/**
 * {@link MediaStore} in a directory: `ab/abcd….jpg`, by the first two digits, so that no directory becomes too large. A file
 * is written under another name, synced and renamed, and then its directory is synced.
 */
export async function openDiskMediaStore({
  directory,
  clock,
  random,
}: DiskMediaStoreDeps): Promise<MediaStore> {
  const temporary = join(directory, 'tmp');
  try {
    await mkdir(temporary, { recursive: true });
    await clearLeftOvers(temporary, clock.now() - LEFT_OVER_MS);
  } catch (error) {
    throw new WarbleError(
      'unavailable',
      `${directory} cannot be used (${(error as Error).message}); correct its permissions, or free some space.`,
      { cause: error },
    );
  }

  function folderOf(name: string): string {
    return join(directory, name.slice(0, 2));
  }

  async function write(name: string, bytes: Buffer, draft: string): Promise<void> {
    const folder = folderOf(name);
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    if ((await mkdir(folder, { recursive: true })) !== undefined) await syncDirectory(directory);
    await rename(draft, join(folder, name));
    await syncDirectory(folder);
  }

  return {
    async put(name, bytes) {
      if (extensionOf(name) === undefined) throw new Error('Not the name of a medium.');
      const draft = join(temporary, `${name}.${random.bytes(8).toString('hex')}`);
      try {
        await write(name, bytes, draft);
      } catch (error) {
        await rm(draft, { force: true }).catch(() => {});
        throw asFailure(error);
      }
    },
    async get(name) {
      if (extensionOf(name) === undefined) return undefined;
      const handle = await open(join(folderOf(name), name), 'r').catch(absent);
      if (handle === undefined) return undefined;
      const { size } = await handle.stat();
      return { size_bytes: size, body: createReadStream('', { fd: handle, autoClose: true }) };
    },
    async size(name) {
      if (extensionOf(name) === undefined) return undefined;
      return (await stat(join(folderOf(name), name)).catch(absent))?.size;
    },
    async delete(name) {
      if (extensionOf(name) === undefined) return;
      await rm(join(folderOf(name), name), { force: true });
    },
  };
}

async function clearLeftOvers(temporary: string, before_ms: number): Promise<void> {
  for (const name of await readdir(temporary)) {
    const path = join(temporary, name);
    const found = await stat(path).catch(absent);
    if (found !== undefined && found.mtimeMs < before_ms) await rm(path, { force: true });
  }
}

async function syncDirectory(path: string): Promise<void> {
  // Windows does not open directories; its file system keeps the order of renames by itself.
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}

function asFailure(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new WarbleError('storage_full', 'The disk is full; the picture was not kept. Try again later.', {
      cause: error,
      retryAfter_s: 10,
    });
  }
  if (code === undefined) return error;
  return new WarbleError('unavailable', 'The picture could not be kept; try again.', { cause: error });
}
