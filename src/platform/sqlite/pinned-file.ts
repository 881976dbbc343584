/** What a database file holds at one moment, for as long as it takes to copy it. */
import { chmodSync, closeSync, fsyncSync, openSync } from 'node:fs';
import { backup, DatabaseSync, type SQLOutputValue } from 'node:sqlite';

export interface PinnedFile {
  /** Bytes of the database as of that moment. */
  readonly size_bytes: number;
  /** Rows as of that moment. */
  all(sql: string): Record<string, SQLOutputValue>[];
  /**
   * Makes a copy, durably, on threads of Node's pool. Calls `progress` with the bytes done; what that throws ends the
   * copying, and is thrown. Throws what the disk says.
   */
  copyTo(target: string, progress: (done_bytes: number) => void): Promise<void>;
  close(): void;
}

/** Pages that are copied at a time: some 4 MiB, a few milliseconds of a thread that is not the server's. */
const PAGES_PER_STEP = 1_024;

/**
 * Pins what a database file holds now: writers go on and this connection does not see it. Until it is closed the log
 * of the file cannot begin anew, and grows by what is written meanwhile.
 */
export function pinFile(path: string): PinnedFile {
  const connection = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  const numberOf = (pragma: string) =>
    Number(Object.values(connection.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
  connection.exec('PRAGMA mmap_size = 0; BEGIN');
  // The snapshot is taken by the first statement that reads the file.
  connection.prepare('SELECT count(*) FROM sqlite_schema').get();
  const page_bytes = numberOf('page_size');
  return {
    size_bytes: page_bytes * numberOf('page_count'),
    all: (sql) => connection.prepare(sql).all(),
    async copyTo(target, progress) {
      await backup(connection, target, {
        rate: PAGES_PER_STEP,
        progress: ({ totalPages, remainingPages }) => progress((totalPages - remainingPages) * page_bytes),
      });
      chmodSync(target, 0o600);
      const file = openSync(target, 'r+');
      try {
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    },
    close: () => connection.close(),
  };
}
