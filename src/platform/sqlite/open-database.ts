/** Opens a SQLite file, of which this process may be the sole owner. */
import type { DatabaseSync } from 'node:sqlite';
import { BUSY_MS, connectWriter } from './connection.ts';
import type { Database, DatabaseOptions } from './database.ts';
import { createGroupCommit } from './group-commit.ts';
import { createQuiet } from './quiet.ts';
import { createSoleOwner } from './sole-owner.ts';
import { createStatements, type GroupState } from './statements.ts';

const MAX_WAITING = 10_000;

export function openDatabase(options: DatabaseOptions): Database {
  const { disk, maxWaiting = MAX_WAITING } = options;
  const writer = connectWriter({ ...options, soleOwner: disk !== undefined });
  if (disk === undefined) return createShared({ ...options, maxWaiting }, writer);
  return createSoleOwner({ options: { ...options, maxWaiting }, writer, disk });
}

/** Other handles may have the file open: SQLite syncs with each commit, and checkpoints, on this thread. */
function createShared(options: DatabaseOptions & { maxWaiting: number }, writer: DatabaseSync): Database {
  const { path, durability, faults, maxWaiting } = options;
  const group: GroupState = { isRunning: false, hasChanged: true, isNoted: false };
  const listeners: (() => void)[] = [];
  const begin = writer.prepare('BEGIN');
  const commit = writer.prepare('COMMIT');
  let hasErased = false;
  const commits = createGroupCommit({
    writer,
    group,
    faults,
    maxWaiting,
    beginTurn: () => () => false,
    mayBegin: () => writer.isOpen && !quiet.isHeld(),
    onDurable() {
      for (const listener of listeners) listener();
    },
  });
  const quiet = createQuiet({ prepare: commits.synced, onEnded: commits.schedule });
  return {
    path,
    // No other process can open a database in this one's memory.
    soleOwner: path === ':memory:',
    prepare: createStatements({ writer, group, snapshot: undefined }),
    write: commits.write,
    read(work) {
      if (writer.isTransaction) return work();
      begin.run();
      try {
        return work();
      } finally {
        if (writer.isOpen && writer.isTransaction) commit.run();
      }
    },
    noteErased() {
      hasErased = true;
    },
    async emptyLog() {
      if (hasErased && writer.isOpen) hasErased = !truncateLog(writer);
      return !hasErased;
    },
    async flush() {
      // It syncs the log before it copies it.
      if (durability === 'normal') writer.exec('PRAGMA wal_checkpoint(PASSIVE)');
    },
    whileQuiet: quiet.during,
    inEveryCommit: commits.inEveryCommit,
    onCommit: (listener) => void listeners.push(listener),
    async close() {
      await commits.end();
      if (writer.isOpen) writer.close();
    },
    crash() {
      commits.crash();
      if (writer.isOpen) writer.close();
    },
  };
}

/** Whether the log is empty now. Does not wait for readers, since that would block the thread. */
function truncateLog(connection: DatabaseSync): boolean {
  connection.exec('PRAGMA busy_timeout = 0');
  try {
    const { busy } = connection.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number };
    return busy === 0;
  } finally {
    connection.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  }
}
