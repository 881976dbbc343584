/**
 * A database of derived data. A damaged file is set aside and replaced by an empty one, at opening or while it is in
 * use. Code that caches what it made from the rows can listen for that.
 */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { WarbleError } from '#domain/errors.ts';
import { readApplicationId } from './application-id.ts';
import { isDamage } from './damage.ts';
import type { Database, DatabaseOptions, SQLInputValue, Statement } from './database.ts';
import { openDatabase } from './open-database.ts';

export interface SetAside {
  /** Path of the file that was damaged. An empty one is there now. */
  path: string;
  /** Where the damaged one is. One of each file is kept: the newest. */
  keptAs: string;
  /** What was wrong with it. */
  reason: string;
}

export interface DerivedDatabaseOptions extends Omit<DatabaseOptions, 'durability'> {
  onSetAside?: ((report: SetAside) => void) | undefined;
}

export interface DerivedDatabase extends Database {
  /**
   * Call it if a row has a value that this code would never have written: sets the file aside soon, and returns the
   * error to throw meanwhile.
   */
  damaged(what: string): WarbleError;
  /** Runs when an empty file has replaced a damaged one: nothing read from the old file holds any more. */
  onReplaced(listener: () => void): void;
}

export const SET_ASIDE_SUFFIX = '.damaged';

export function openDerivedDatabase(options: DerivedDatabaseOptions): DerivedDatabase {
  const { path, onSetAside } = options;
  const commitListeners: (() => void)[] = [];
  const lastWorks: (() => void)[] = [];
  const replacedListeners: (() => void)[] = [];
  const statements = new Map<string, Statement>();
  /** This process made the file, so that what is in it is what this version wrote. */
  let isNew = false;
  /** Grows with each file, so that statements know which one they were prepared for. */
  let version = 0;
  let closing = false;
  let replacing: Promise<void> | undefined;
  /** Why there is no file: the empty one could not be made, for example on a full disk. The next call tries again. */
  let missing: string | undefined;
  let current = openFirst();

  function open(): Database {
    const db = openDatabase({ ...options, durability: 'normal' });
    version++;
    for (const listener of commitListeners) db.onCommit(listener);
    for (const work of lastWorks) db.inEveryCommit(work);
    return db;
  }

  function openFirst(): Database {
    if (path === ':memory:') return open();
    const found = readApplicationId(path);
    isNew = found === 'missing';
    if (found === 'damaged') return openAfter('it is not a whole database');
    try {
      return open();
    } catch (error) {
      if (!isDamage(error, { isNew })) throw error;
      return openAfter(reasonOf(error));
    }
  }

  function openAfter(reason: string): Database {
    const keptAs = setAside(path);
    isNew = true;
    const db = open();
    onSetAside?.({ path, keptAs, reason });
    return db;
  }

  async function replace(reason: string): Promise<void> {
    try {
      await current.close();
    } catch {
      // It is damaged: whatever closing it would have written is made again.
      current.crash();
    }
    replacing = undefined;
    missing = reason;
    if (closing) return;
    try {
      makeMissing(reason);
    } catch {
      // Whoever asks next tries again, and is told why it cannot be made.
    }
  }

  function makeMissing(reason: string): void {
    current = openAfter(reason);
    missing = undefined;
    for (const listener of replacedListeners) listener();
  }

  /** In a turn of its own: a group of writes may be under way. */
  function replaceSoon(reason: string): WarbleError {
    replacing ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => replace(reason));
    return beingMade();
  }

  function failure(error: unknown): unknown {
    return isDamage(error, { isNew }) ? replaceSoon(reasonOf(error)) : error;
  }

  function usable(): Database {
    if (replacing !== undefined) throw beingMade();
    if (missing === undefined) return current;
    makeMissing(missing);
    // Whoever came has something that was made from the former file.
    throw beingMade();
  }

  function guarded<T>(work: (db: Database) => T): T {
    const db = usable();
    try {
      return work(db);
    } catch (error) {
      throw failure(error);
    }
  }

  function createStatement(sql: string): Statement {
    let preparedFor = -1;
    let statement: Statement;
    let returnsArrays = false;
    const call = <T>(use: (statement: Statement) => T): T =>
      guarded((db) => {
        if (preparedFor !== version) {
          statement = db.prepare(sql);
          if (returnsArrays) statement.setReturnArrays(true);
          preparedFor = version;
        }
        return use(statement);
      });
    return {
      get: (...values: SQLInputValue[]) => call((prepared) => prepared.get(...values)),
      all: (...values: SQLInputValue[]) => call((prepared) => prepared.all(...values)),
      run: (...values: SQLInputValue[]) => call((prepared) => prepared.run(...values)),
      setReturnArrays(enabled) {
        returnsArrays = enabled;
        if (preparedFor === version) statement.setReturnArrays(enabled);
      },
    };
  }

  return {
    path,
    soleOwner: current.soleOwner,
    prepare(sql) {
      const known = statements.get(sql) ?? createStatement(sql);
      statements.set(sql, known);
      return known;
    },
    async write(work) {
      const db = usable();
      try {
        return await db.write(work);
      } catch (error) {
        throw failure(error);
      }
    },
    read: (work) => guarded((db) => db.read(work)),
    noteErased: () => current.noteErased(),
    emptyLog: async () => usable().emptyLog(),
    flush: async () => usable().flush(),
    whileQuiet: async (work) => usable().whileQuiet(work),
    inEveryCommit(work) {
      lastWorks.push(work);
      current.inEveryCommit(work);
    },
    onCommit(listener) {
      commitListeners.push(listener);
      current.onCommit(listener);
    },
    damaged: replaceSoon,
    onReplaced: (listener) => void replacedListeners.push(listener),
    async close() {
      closing = true;
      await replacing;
      if (missing !== undefined) return;
      try {
        await current.close();
      } catch (error) {
        if (!isDamage(error, { isNew })) throw error;
        current.crash();
      }
    },
    crash() {
      closing = true;
      current.crash();
    },
  };
}

function beingMade(): WarbleError {
  return new WarbleError('unavailable', 'This is being made again; try again in a moment.');
}

/** Moves a database and its log out of the way, over what was set aside before; where it is now. */
function setAside(path: string): string {
  const keptAs = path + SET_ASIDE_SUFFIX;
  if (existsSync(path)) {
    // Over a directory, or a directory over a file, nothing can be renamed.
    rmSync(keptAs, { recursive: true, force: true });
    renameSync(path, keptAs);
    rmSync(`${keptAs}-wal`, { force: true });
    if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${keptAs}-wal`);
  }
  rmSync(`${path}-shm`, { force: true });
  return keptAs;
}

function reasonOf(error: unknown): string {
  const { errstr, cause, message } = error as { errstr?: string; cause?: unknown; message: string };
  if (errstr !== undefined) return errstr;
  return cause === undefined ? message : reasonOf(cause);
}
