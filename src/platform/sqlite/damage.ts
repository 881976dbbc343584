/** Which errors say that a SQLite file does not hold what was written to it. */

const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
const SQLITE_FORMAT = 24;
/** I/O errors that come from what lies on the disk, and not from a disk that is full, busy or gone. */
const UNREADABLE = new Set([
  266, // SQLITE_IOERR_READ
  522, // SQLITE_IOERR_SHORT_READ
  8_202, // SQLITE_IOERR_DATA
  8_458, // SQLITE_IOERR_CORRUPTFS
]);
/**
 * What a statement that worked before fails with when the schema or a row says something else now: SQLITE_ERROR (as
 * in "no such table"), TOOBIG, CONSTRAINT, MISMATCH, RANGE. On a file that was just made they are mistakes of ours.
 */
const CHANGED = new Set([1, 18, 19, 20, 25]);

/** Whether `error`, or what caused it, is SQLite's word for a file that is damaged; `isNew`: this process made it. */
export function isDamage(error: unknown, { isNew }: { isNew: boolean }): boolean {
  const { errcode, code, cause } = error as { errcode?: unknown; code?: unknown; cause?: unknown };
  if (typeof errcode === 'number') {
    const primary = errcode & 0xff;
    if ([SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_FORMAT].includes(primary) || UNREADABLE.has(errcode))
      return true;
    return !isNew && CHANGED.has(primary);
  }
  // A number that nothing here would have written (node:sqlite).
  if (code === 'ERR_OUT_OF_RANGE') return true;
  return cause !== undefined && isDamage(cause, { isNew });
}

/** Whether a column holds a whole number of 0 or more, as every id, count and position is. */
export function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
