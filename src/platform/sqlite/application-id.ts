/**
 * The application id of a SQLite file: 32 bits in its header that SQLite itself leaves alone (sqlite.org/fileformat2,
 * 1.3.14). They are set before anything else is written, so that they stand in the file itself and not in its log,
 * and can be read without opening the database: reading writes nothing, needs no room, and works on a damaged file.
 */
import { DatabaseSync } from 'node:sqlite';
import { readStart } from '../files.ts';

const MAGIC = 'SQLite format 3\0';
const OFFSET = 68;

/** The id in the file's header; `missing` where there is no file, `damaged` where it is not a SQLite database. */
export function readApplicationId(path: string): number | 'missing' | 'damaged' {
  const header = readStart(path, OFFSET + 4);
  if (header === undefined) return 'missing';
  if (header.length < OFFSET + 4 || header.toString('latin1', 0, MAGIC.length) !== MAGIC) return 'damaged';
  return header.readUInt32BE(OFFSET);
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
