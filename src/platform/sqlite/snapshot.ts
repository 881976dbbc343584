/**
 * A reading connection on one snapshot, so that no reader sees commits that are not yet on the disk. The writer's
 * thread moves it on once they are.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { connectReader } from './connection.ts';

export interface Snapshot {
  /** A statement that reads from it. */
  prepare(sql: string): StatementSync;
  /** Runs `work`, which is synchronous, on one snapshot, also while none is held. */
  read<T>(work: () => T): T;
  /** Moves on to what is committed now. */
  pin(): void;
  /** Holds nothing until the next `pin`; each read stands on what is committed then. */
  unpin(): void;
  isOpen(): boolean;
  close(): void;
}

export function openSnapshot(path: string): Snapshot {
  const connection: DatabaseSync = connectReader(path);
  const begin = connection.prepare('BEGIN');
  const commit = connection.prepare('COMMIT');
  // A transaction stands on a snapshot only from its first read on.
  const stand = connection.prepare('SELECT 1 FROM sqlite_schema LIMIT 1');

  /** A damaged file may have ended the transaction already. */
  function unpin(): void {
    if (connection.isTransaction) commit.run();
  }
  function pin(): void {
    unpin();
    begin.run();
    stand.get();
  }
  pin();
  return {
    prepare: (sql) => connection.prepare(sql),
    read(work) {
      if (connection.isTransaction) return work();
      begin.run();
      try {
        return work();
      } finally {
        unpin();
      }
    },
    pin,
    unpin,
    isOpen: () => connection.isOpen,
    close() {
      unpin();
      connection.close();
    },
  };
}
