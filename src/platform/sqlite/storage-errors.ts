/** Errors of SQLite and the disk, translated for callers. */
import { WarbleError } from '#domain/errors.ts';
import { isDamage } from './damage.ts';

const SQLITE_IOERR = 10;
const SQLITE_FULL = 13;
/** Extended codes of `SQLITE_IOERR` (sqlite.org/rescode.html): a sync of a file or of its directory failed. */
const SQLITE_IOERR_FSYNC = 1_034;
const SQLITE_IOERR_DIR_FSYNC = 1_290;
/** A full disk, met where a WAL file's shared index grows: SQLite calls that an I/O error. */
const SQLITE_IOERR_SHMSIZE = 4_874;

const codeOf = (error: unknown): unknown => (error as { errcode?: unknown }).errcode;

/** The primary result code of an error of SQLite; undefined for any other error. */
function primaryCode(error: unknown): number | undefined {
  const code = codeOf(error);
  return typeof code === 'number' ? code & 0xff : undefined;
}

function isFull(error: unknown): boolean {
  return primaryCode(error) === SQLITE_FULL || codeOf(error) === SQLITE_IOERR_SHMSIZE;
}

/** Whether the disk refused, so that the transaction is lost and not only the statement. */
export function isStorageFault(error: unknown): boolean {
  const code = primaryCode(error);
  return code === SQLITE_FULL || code === SQLITE_IOERR;
}

/**
 * Whether a sync failed. What was to be synced may be marked as clean then, so that a later sync which succeeds
 * proves nothing: the process must end, and what is on the disk be read again.
 */
export function isSyncFailure(error: unknown): boolean {
  const { syscall } = error as NodeJS.ErrnoException;
  const code = codeOf(error);
  return (
    syscall === 'fsync' ||
    syscall === 'fdatasync' ||
    code === SQLITE_IOERR_FSYNC ||
    code === SQLITE_IOERR_DIR_FSYNC
  );
}

/** For the administrator at start-up: which file, what is wrong with it, and what to do. */
export function asOpeningFailure(error: unknown, path: string): unknown {
  if (isFull(error)) {
    const remedy = 'free some space on its disk, or give another directory';
    return new WarbleError('storage_full', `${path} cannot be opened, as the disk is full; ${remedy}.`, {
      cause: error,
    });
  }
  if (primaryCode(error) === undefined) return error;
  const { errstr } = error as { errstr?: string };
  return new WarbleError(
    'unavailable',
    isDamage(error, { isNew: true })
      ? `${path} is damaged (${errstr}); restore a backup (npm run admin -- restore).`
      : `${path} cannot be opened (${errstr}); let this user read and write it, or give another directory.`,
    { cause: error },
  );
}

/** For writers: `storage_full` or `unavailable`. Errors that are not of the storage stay as they are. */
export function asWriteFailure(error: unknown): unknown {
  if (isFull(error)) {
    return new WarbleError('storage_full', 'The disk is full; nothing was kept. Try again later.', {
      cause: error,
      retryAfter_s: 10,
    });
  }
  if (primaryCode(error) === undefined) return error;
  return new WarbleError('unavailable', 'The storage did not answer; nothing was kept. Try again.', {
    cause: error,
  });
}
