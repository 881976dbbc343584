/**
 * One SQLite file. Reads are synchronous; writes that wait share one transaction and one sync (group commit), each in
 * a savepoint of its own, so that one that fails harms no other.
 */
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { Disk } from './disk.ts';
import type { CommitFaults } from './group-commit.ts';
import type { Statement } from './statements.ts';

export type { CommitFaults, SQLInputValue, SQLOutputValue, Statement };

export interface DatabaseOptions {
  path: string;
  /** SQL scripts; script n brings a file from version n to n + 1. Never changed once landed, only added to. */
  migrations: readonly string[];
  /**
   * `full`: a sync precedes every answer (facts). `normal`: a crash of the machine may lose the newest
   * commits, never their order (views, which fold again what they lost; source: sqlite.org/pragma.html).
   */
  durability: 'full' | 'normal';
  /**
   * Says that no other handle has the file open, and syncs and checkpoints it. Without one SQLite does both by
   * itself, on this thread, and each read sees what other handles wrote.
   */
  disk?: Disk | undefined;
  faults?: CommitFaults | undefined;
  /** The most writes that may wait for the next group; one more gets 503. */
  maxWaiting?: number;
}

export interface Database {
  readonly path: string;
  /** Whether no other handle has the file open, so that what is read from it may be cached. */
  readonly soleOwner: boolean;
  /**
   * A prepared statement, kept for the life of the database. Inside a write it works on what the write has done so
   * far; outside it reads what is durable, and must not write. Write `LIMIT ? + 0` rather than `LIMIT ?`: where the
   * variable stands alone SQLite takes its value for planning and so prepares again at every binding, 4 to 7 µs
   * of a look-up that costs 0.7 µs without (3.53.4). A test holds every statement to it.
   */
  prepare(sql: string): Statement;
  /**
   * Runs `work` inside the next group's transaction; resolves with its result after the commit is durable.
   * `work` must be synchronous. If it throws, its changes alone are undone and the promise rejects with that.
   * Rejects with `storage_full` or `unavailable` where the group could not commit (then nothing of it is kept),
   * with `overloaded` where too many wait.
   */
  write<T>(work: () => T): Promise<T>;
  /**
   * Runs `work`, which is synchronous and only reads, on one snapshot: a writer in another process cannot come
   * between its statements, and they share the locking that a lone statement in a WAL file pays for itself.
   */
  read<T>(work: () => T): T;
  /**
   * To be called inside a write that deletes or replaces what users wrote: the log still has it, until somebody
   * calls `emptyLog`.
   */
  noteErased(): void;
  /**
   * Copies the log into the file and empties it, where something was erased since it was emptied last. False: a
   * reader or a writer in another process, or a snapshot, still needs it; try again soon.
   */
  emptyLog(): Promise<boolean>;
  /**
   * Resolves when all that was committed is on the disk. For callers that store elsewhere what depends on a file with
   * durability `normal`; with `full`, each write already waited for it.
   */
  flush(): Promise<void>;
  /**
   * Runs `work` while there are no writes: all that was answered is on the disk, and writes wait until `work` ends.
   * To see several databases as of one moment, nest the calls.
   */
  whileQuiet<T>(work: () => Promise<T>): Promise<T>;
  /** Runs `work`, which is synchronous, inside each transaction that changes something, after all else. */
  inEveryCommit(work: () => void): void;
  /** Runs after each group that committed, when what it wrote is durable and before its writers are answered. */
  onCommit(listener: () => void): void;
  /** Commits waiting writes, then closes. */
  close(): Promise<void>;
  /** Closes as `kill -9` would: waiting writes are neither committed nor answered. */
  crash(): void;
}
