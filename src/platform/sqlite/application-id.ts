/**
 * The application id of a SQLite file: 32 bits in its header that SQLite itself leaves alone (sqlite.org/fileformat2,
 * 1.3.14). They are set before anything else is written, so that they stand in the file itself and not in its log,
 * and can be read without opening the database: reading writes nothing, needs no room, and works on a damaged file.
 */
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { readStart } from '../files.ts';

const MAGIC = 'SQLite format 3\0';
const HEADER_BYTES = 100;
const OFFSET = 68;

/**
 * The id in the file's header; `missing` where there is no file, `damaged` where it is no SQLite database, or not all
 * of one.
 */
export function readApplicationId(path: string): number | 'missing' | 'damaged' {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return 'damaged';
  const header = readStart(path, HEADER_BYTES);
  if (header === undefined) return 'missing';
  if (header.length < HEADER_BYTES || header.toString('latin1', 0, MAGIC.length) !== MAGIC) return 'damaged';
  return isCut(path, header) ? 'damaged' : header.readUInt32BE(OFFSET);
}

/** The file has fewer pages than its header counts, and there is no log that the others could be in. */
function isCut(path: string, header: Buffer): boolean {
  const hasLog = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
  // Only then does the count hold (sqlite.org/fileformat2, 1.3.7).
  const isCounted = header.readUInt32BE(24) === header.readUInt32BE(92);
  if (hasLog || !isCounted) return false;
  const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  return statSync(path).size < pageSize * header.readUInt32BE(28);
}

/**
 * Makes an empty database with this id, or does nothing where one exists that has it. Returns false, and changes
 * nothing, where the file is a database with another id or with tables in it.
 */
export function createWithApplicationId(path: string, id: number): boolean {
  const connection = new DatabaseSync(path, { timeout: 5_000 });
  try {
    const { application_id: found } = connection.prepare('PRAGMA application_id').get() as {
      application_id: number;
    };
    if (found >>> 0 === id) return true;
    if (found !== 0 || connection.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() !== undefined)
      return false;
    // SQLite takes it as a signed number.
    connection.exec(`PRAGMA synchronous = FULL; PRAGMA application_id = ${id | 0}`);
    return true;
  } finally {
    connection.close();
  }
}
