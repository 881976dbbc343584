import { WarbleError } from '#domain/errors.ts';

/**
 * What waits for the disk: syncs and checkpoints of databases. Handed to a database, it says that this process alone
 * has the file open; the database then leaves both to it and goes on meanwhile. Adapters: threads of their own
 * (`disk-threads.ts`), and the caller's thread (`in-thread-disk.ts`), for tests, tools, and a simulation that owns the
 * order of everything.
 */
export interface Disk {
  /** Of a database that is open and has a log. */
  file(path: string): DiskFile;
  /**
   * Ends the process: a sync failed, so it is unknown how much of what was written is on the disk. Callers that wait
   * for that sync are never answered.
   */
  fail(error: unknown): void;
  /** When logs are shortened. */
  readonly logBounds: LogBounds;
  /** Milliseconds from an arbitrary origin, to bound how long a thread commits without a break. */
  monotonic(): number;
  /** Only when all files are closed, or being closed. */
  close(): Promise<void>;
}

/**
 * Bounds on a log, in pages of 4 KiB. The last two count from what the last restart left: a snapshot that somebody
 * holds for long, as a backup does, keeps a log from beginning anew, and nobody shall wait for that.
 */
export interface LogBounds {
  /** The log of a file whose commits are not synced one by one is synced whenever it has grown by so many. */
  sync: number;
  /** A checkpoint is begun whenever the log has grown by so many. */
  checkpoint: number;
  /** From here on a checkpoint ends with the log begun anew, for which writers wait some milliseconds. */
  restart: number;
  /** No commit begins while the log has this many: writers are faster than the disk. */
  max: number;
}
/**
 * 1, 16, 32 and 64 MiB. A checkpoint begins with a sync of the log: with 16 MiB to write at once it took 11 to 34 ms,
 * and the syncs of other files that posts waited for meanwhile 4 ms at the median instead of 0.3. Each checkpoint syncs
 * the file, and syncs of logs wait for that disk too: with one every 4 MiB commits took twice as long at the median,
 * with one every MiB four times (docs/decisions/0043).
 */
export const LOG_BOUNDS: LogBounds = { sync: 256, checkpoint: 4_000, restart: 8_000, max: 16_000 };

/** Once it is closed, each call but `close` rejects with `unavailable`. */
export interface DiskFile {
  /**
   * Resolves when all that the log held at the call is on the disk, whoever wrote it. Rejects where the disk failed;
   * see {@link Disk.fail}.
   */
  sync(): Promise<void>;
  /**
   * Copies the log into the file as far as no snapshot stands below, and syncs both. It takes no lock that a reader
   * or a writer waits for. Resolves with the pages that the log has. Rejects where the disk has no room or failed.
   */
  checkpoint(): Promise<number>;
  /**
   * Checkpoints all of the log and begins it anew, with one page that says nothing new and a header that is synced,
   * so that no writer has to sync it. Only while nobody writes and no snapshot is held. Resolves with the pages
   * that the log has: 1, unless a reader came in between.
   */
  restart(): Promise<number>;
  /** As `restart`, and gives the log's room back, so that nothing of its old content is left. Resolves with success. */
  empty(): Promise<boolean>;
  /** Only after every other connection to the file is closed. Syncs that are under way end first. */
  close(): Promise<void>;
}

/**
 * What is rejected with once a file is closed: the number of its descriptor, and its path, may be another file's by
 * then.
 */
export function closedFile(path: string): WarbleError {
  return new WarbleError('unavailable', `${path} is closed.`);
}
