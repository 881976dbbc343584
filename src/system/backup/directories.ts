/** The directories that backups are written to and restored from. */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isWarbleError, WarbleError } from '#domain/errors.ts';
import { syncDirectory } from '#platform/files.ts';

/**
 * Creates a directory in one step: `fill` fills a draft beside it, which is then renamed, durably. A draft that fails,
 * or that a killed process left, is removed. Throws invalid_request where the directory is in use already; errors of
 * `fill` are turned into ones that say what to do.
 */
export async function atomically<T>(
  path: string,
  signal: AbortSignal,
  fill: (draft: string) => Promise<T>,
): Promise<T> {
  checkFresh(path);
  const draft = `${path}.partial`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { mode: 0o700 });
    const filled = await fill(draft);
    renameSync(draft, path);
    syncDirectory(dirname(path));
    return filled;
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (signal.aborted)
      throw new WarbleError('unavailable', 'The copy was given up; nothing of it was kept.');
    throw asCopyFailure(error, path);
  }
}

/** Throws invalid_request unless the path is missing or an empty directory. */
function checkFresh(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (found.isDirectory() && readdirSync(path).length === 0) return;
  throw new WarbleError(
    'invalid_request',
    `${path} is there already and not an empty directory; give another place, nothing is overwritten.`,
  );
}

/** Turns an error of the file system or of SQLite into one that says what to do. */
function asCopyFailure(error: unknown, path: string): unknown {
  if (isWarbleError(error)) return error;
  const { code, errcode, message } = error as NodeJS.ErrnoException & { errcode?: number };
  const SQLITE_FULL = 13;
  if (code === 'ENOSPC' || code === 'EDQUOT' || (errcode !== undefined && (errcode & 0xff) === SQLITE_FULL)) {
    return new WarbleError('storage_full', `The disk of ${path} is full; nothing of the copy was kept.`, {
      cause: error,
    });
  }
  if (code === undefined) return error;
  if (code === 'EBUSY' || code === 'EXDEV') {
    return new WarbleError(
      'invalid_request',
      `${path} is where a file system is mounted; give a directory in it, which is made when the copy is whole.`,
      { cause: error },
    );
  }
  return new WarbleError('unavailable', `${path} cannot be written or read: ${message}; nothing was kept.`, {
    cause: error,
  });
}

const MIB = 1024 * 1024;

/** Formats bytes in MiB, for lines of progress. */
export function readableBytes(count: number): string {
  return `${(count / MIB).toFixed(1)} MiB`;
}
