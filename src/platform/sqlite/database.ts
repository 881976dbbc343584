/**
 * One SQLite file behind one connection. Reads are synchronous; writes that wait share one transaction and one
 * fsync (group commit), each in a savepoint of its own, so that one that fails harms no other.
 */
import {
  DatabaseSync,
  type SQLInputValue,
  type SQLOutputValue,
  type StatementResultingChanges,
  type StatementSync,
} from 'node:sqlite';
import { WarbleError } from '#contract/errors.ts';

export type { SQLInputValue, SQLOutputValue };

/** What node's StatementSync can do and is used here. */
export interface Statement {
  get(...values: SQLInputValue[]): Record<string, SQLOutputValue> | undefined;
  all(...values: SQLInputValue[]): Record<string, SQLOutputValue>[];
  run(...values: SQLInputValue[]): StatementResultingChanges;
  setReturnArrays(enabled: boolean): void;
}

/**
 * Called around a commit; a simulation throws from them to crash a process at exactly that line. What they throw
 * reaches every writer of the group, though after `afterCommit` their writes are kept, as when a process dies
 * between a commit and its answer.
 */
export interface CommitFaults {
  beforeCommit?: () => void;
  afterCommit?: () => void;
}

export interface DatabaseOptions {
  path: string;
  /** SQL scripts; script n brings a file from version n to n + 1. Never changed once landed, only added to. */
  migrations: readonly string[];
  /**
   * `full`: an fsync precedes every answer (facts). `normal`: a crash of the machine may lose the newest
   * commits, never their order (views, which fold again what they lost; source: sqlite.org/pragma.html).
   */
  durability: 'full' | 'normal';
  faults?: CommitFaults | undefined;
  /** Writes that may wait for the next group before 503. */
  maxWaiting?: number;
}

export interface Database {
  readonly path: string;
  /**
   * A prepared statement, kept for the life of the database. Write `LIMIT ? + 0` rather than `LIMIT ?`: where the
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
   * To be called inside a write that deletes or replaces what people wrote: the log still has it, until somebody
   * calls `emptyLog`.
   */
  noteErased(): void;
  /**
   * Copies the log into the file and empties it, where something was erased since it was emptied last. False: a
   * reader or a writer in another process, or a snapshot, still needs it; try again soon.
   */
  emptyLog(): Promise<boolean>;
  /**
   * Runs `work` while nobody writes: all that was answered is in the file and its log and on the disk, and stays as
   * it is until `work` ends. Writes wait meanwhile. To copy several databases as of one moment, nest their calls.
   */
  whileQuiet<T>(work: () => Promise<T>): Promise<T>;
  /** Runs `work`, which is synchronous, inside each group's transaction, after what the group does. */
  inEveryCommit(work: () => void): void;
  /** Runs after each group that committed. */
  onCommit(listener: () => void): void;
  /** Commits what waits, then closes. */
  close(): Promise<void>;
  /** Closes as `kill -9` would: what waits is never committed and never answered. */
  crash(): void;
}

interface Waiting {
  work: () => unknown;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** How long a statement waits for another process. */
const BUSY_MS = 5_000;
const MAX_WAITING = 10_000;
/** Requests per transaction: at 256 an fsync costs each of them next to nothing (DESIGN, on one machine). */
const GROUP = 256;

export function openDatabase(options: DatabaseOptions): Database {
  const connection = connect(options);
  const maxWaiting = options.maxWaiting ?? MAX_WAITING;
  const statements = new Map<string, StatementSync>();
  const lastWorks: (() => void)[] = [];
  const listeners: (() => void)[] = [];
  let waiting: Waiting[] = [];
  let scheduled = false;
  let open = true;
  let hasErased = false;
  let holds = 0;

  function prepare(sql: string): StatementSync {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = connection.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  }
  const begin = prepare('BEGIN IMMEDIATE');
  const beginRead = prepare('BEGIN');
  const commit = prepare('COMMIT');
  const savepoint = prepare('SAVEPOINT request');
  const release = prepare('RELEASE request');

  function runOne(request: Waiting): () => void {
    savepoint.run();
    try {
      const value = request.work();
      release.run();
      return () => request.resolve(value);
    } catch (error) {
      if (!connection.isTransaction) throw error;
      connection.exec('ROLLBACK TO request; RELEASE request');
      if (isStorageFault(error)) throw error;
      return () => request.reject(error);
    }
  }

  function runGroup(group: Waiting[]): void {
    let settle: (() => void)[];
    try {
      begin.run();
      settle = group.map(runOne);
      for (const work of lastWorks) work();
      options.faults?.beforeCommit?.();
      commit.run();
      options.faults?.afterCommit?.();
    } catch (error) {
      if (connection.isOpen && connection.isTransaction) connection.exec('ROLLBACK');
      const failure = asFailure(error);
      for (const request of group) request.reject(failure);
      return;
    }
    for (const done of settle) done();
    for (const listener of listeners) listener();
  }

  function schedule(): void {
    if (scheduled || waiting.length === 0) return;
    scheduled = true;
    setImmediate(flush);
  }
  function flush(): void {
    scheduled = false;
    while (open && holds === 0 && waiting.length > 0) {
      const group = waiting.slice(0, GROUP);
      waiting = waiting.slice(GROUP);
      runGroup(group);
    }
  }

  return {
    path: options.path,
    prepare,
    write<T>(work: () => T): Promise<T> {
      if (!open) return Promise.reject(new WarbleError('unavailable', 'The server is stopping; try again.'));
      if (waiting.length >= maxWaiting) {
        return Promise.reject(new WarbleError('overloaded', 'Too many writes wait; try again in a moment.'));
      }
      return new Promise<T>((resolve, reject) => {
        waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
        schedule();
      });
    },
    read<T>(work: () => T): T {
      if (connection.isTransaction) return work();
      beginRead.run();
      try {
        return work();
      } finally {
        if (connection.isOpen && connection.isTransaction) commit.run();
      }
    },
    noteErased() {
      hasErased = true;
    },
    async emptyLog() {
      if (!hasErased || !open) return true;
      hasErased = !truncateLog(connection);
      return !hasErased;
    },
    async whileQuiet(work) {
      holds++;
      try {
        return await work();
      } finally {
        holds--;
        schedule();
      }
    },
    inEveryCommit: (work) => void lastWorks.push(work),
    onCommit: (listener) => void listeners.push(listener),
    async close() {
      if (!open) return;
      flush();
      open = false;
      connection.close();
    },
    crash() {
      if (!open) return;
      open = false;
      waiting = [];
      connection.close();
    },
  };
}

/** Whether the log is empty now. Waits for nobody: it would hold the thread. */
function truncateLog(connection: DatabaseSync): boolean {
  connection.exec('PRAGMA busy_timeout = 0');
  try {
    const { busy } = connection.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number };
    return busy === 0;
  } finally {
    connection.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  }
}

function connect({ path, migrations, durability }: DatabaseOptions): DatabaseSync {
  let connection: DatabaseSync | undefined;
  try {
    connection = new DatabaseSync(path, { timeout: BUSY_MS });
    // Deletion of facts means it: what is overwritten is zeroed in the file too, not only unlinked
    // (sqlite.org/pragma.html). No memory mapping: every commit of another connection unmaps the file.
    connection.exec(`PRAGMA journal_mode = WAL;
      PRAGMA secure_delete = ${durability === 'full' ? 'ON' : 'OFF'};
      PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'};
      PRAGMA foreign_keys = ON;
      PRAGMA cache_size = -65536;
      PRAGMA mmap_size = 0;
      PRAGMA temp_store = MEMORY;`);
    migrate(connection, path, migrations);
    return connection;
  } catch (error) {
    // Undoes what was begun.
    connection?.close();
    throw asOpeningFailure(error, path);
  }
}

function migrate(connection: DatabaseSync, path: string, migrations: readonly string[]): void {
  connection.exec('BEGIN IMMEDIATE');
  const row = connection.prepare('PRAGMA user_version').get() as { user_version: number };
  if (row.user_version > migrations.length) {
    throw new WarbleError(
      'unavailable',
      `${path} was written by a newer version of this server; start that version, or restore a backup.`,
    );
  }
  // Nothing is written, and so nothing synced, where there is nothing to do.
  if (row.user_version < migrations.length) {
    for (const script of migrations.slice(row.user_version)) connection.exec(script);
    connection.exec(`PRAGMA user_version = ${migrations.length}`);
  }
  connection.exec('COMMIT');
}

/** For whoever starts the server: which file, what is wrong with it, what to do. */
function asOpeningFailure(error: unknown, path: string): unknown {
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
    `${path} cannot be opened (${errstr}); mend its rights, restore a backup, or give another directory.`,
    { cause: error },
  );
}

const SQLITE_IOERR = 10;
const SQLITE_FULL = 13;
/** A full disk, met where a WAL file's shared index grows: SQLite calls that an I/O error. */
const SQLITE_IOERR_SHMSIZE = 4_874;

function primaryCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

function isFull(error: unknown): boolean {
  return (
    primaryCode(error) === SQLITE_FULL || (error as { errcode?: unknown }).errcode === SQLITE_IOERR_SHMSIZE
  );
}

function isStorageFault(error: unknown): boolean {
  const code = primaryCode(error);
  return code === SQLITE_FULL || code === SQLITE_IOERR;
}

function asFailure(error: unknown): unknown {
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
