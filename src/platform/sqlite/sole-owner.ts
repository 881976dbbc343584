/**
 * A database whose file only this process has open. Commits do not sync; the disk's threads sync and checkpoint the
 * log while this thread goes on. A commit stays invisible until it is synced: reads outside a write use the last
 * snapshot that is on the disk. When the next one is, reads move on to it, then listeners are called, then writers
 * answered. So callers see what they would see if SQLite had synced with the commit.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Database, DatabaseOptions } from './database.ts';
import type { Disk, DiskFile } from './disk.ts';
import { createGroupCommit } from './group-commit.ts';
import { createLogKeeper } from './log-keeper.ts';
import { createQuiet } from './quiet.ts';
import { openSnapshot } from './snapshot.ts';
import { createStatements, type GroupState } from './statements.ts';
import { isSyncFailure } from './storage-errors.ts';

/** How long a database commits before it lets others have the thread. */
const TURN_MS = 4;

export interface SoleOwnerDeps {
  options: Pick<DatabaseOptions, 'path' | 'durability' | 'faults'> & { maxWaiting: number };
  writer: DatabaseSync;
  disk: Disk;
}

export function createSoleOwner({ options, writer, disk }: SoleOwnerDeps): Database {
  const { path, durability, faults, maxWaiting } = options;
  const group: GroupState = { isRunning: false, hasChanged: false, isNoted: true };
  const listeners: (() => void)[] = [];
  const snapshot = openSnapshot(path);
  const file = withoutFailures(disk.file(path), (error) => {
    crash();
    disk.fail(error);
  });
  const logState = writer.prepare('PRAGMA wal_checkpoint(NOOP)');
  let hasErased = false;

  const commits = createGroupCommit({
    writer,
    group,
    faults,
    maxWaiting,
    sync: durability === 'full' ? file.sync : undefined,
    beginTurn() {
      const ends_ms = disk.monotonic() + TURN_MS;
      return () => disk.monotonic() >= ends_ms;
    },
    mayBegin() {
      if (keeper.isFull()) keeper.shorten();
      return writer.isOpen && !quiet.isHeld() && !keeper.isFull();
    },
    moveOn() {
      snapshot.pin();
      keeper.committed();
    },
    onDurable() {
      for (const listener of listeners) listener();
    },
  });
  const quiet = createQuiet({
    async prepare() {
      await commits.synced();
      if (snapshot.isOpen()) snapshot.unpin();
    },
    onEnded() {
      if (snapshot.isOpen()) snapshot.pin();
      commits.schedule();
    },
  });
  const keeper = createLogKeeper({
    file,
    syncsCommits: durability === 'full',
    bounds: disk.logBounds,
    pages: () => (logState.get() as { log: number }).log,
    whileQuiet: quiet.during,
    onEnded(error) {
      if (error !== undefined && keeper.isFull()) commits.refuseWaiting(error);
      commits.schedule();
    },
  });

  function closeConnections(): void {
    snapshot.close();
    writer.close();
  }
  function crash(): void {
    commits.crash();
    if (!writer.isOpen) return;
    closeConnections();
    void file.close();
  }

  return {
    path,
    soleOwner: true,
    prepare: createStatements({ writer, group, snapshot }),
    write: commits.write,
    read: (work) => (group.isRunning ? work() : snapshot.read(work)),
    noteErased() {
      hasErased = true;
    },
    async emptyLog() {
      if (!hasErased || !writer.isOpen) return true;
      await quiet.during(async () => {
        hasErased = !(await file.empty());
      });
      return !hasErased;
    },
    flush: durability === 'full' ? commits.synced : file.sync,
    whileQuiet: quiet.during,
    inEveryCommit: commits.inEveryCommit,
    onCommit: (listener) => void listeners.push(listener),
    async close() {
      await commits.end();
      await keeper.idle();
      await quiet.ended();
      if (!writer.isOpen) return;
      // What is left of the log is copied off this thread. Where the disk has no room the log is whole all the same.
      await file.checkpoint().catch(() => {});
      // Somebody else closed it meanwhile, or it crashed.
      if (!writer.isOpen) return;
      closeConnections();
      await file.close();
    },
    crash,
  };
}

/** As `file`, but a failed sync only calls `onFailure`: the caller is never answered. */
function withoutFailures(file: DiskFile, onFailure: (error: unknown) => void): DiskFile {
  const guard =
    <T>(call: () => Promise<T>) =>
    () =>
      call().catch((error: unknown): Promise<T> => {
        if (!isSyncFailure(error)) throw error;
        onFailure(error);
        return new Promise(() => {});
      });
  return {
    sync: guard(file.sync),
    checkpoint: guard(file.checkpoint),
    restart: guard(file.restart),
    empty: guard(file.empty),
    close: file.close,
  };
}
