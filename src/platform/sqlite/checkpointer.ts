/** The blocking calls behind the checkpoints of {@link DiskFile}, for whichever thread makes them. */
import { closeSync, fdatasyncSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** Each as the method of the same name of DiskFile; throws what the disk or SQLite says. */
export interface Checkpointer {
  checkpoint(): number;
  restart(): number;
  empty(): boolean;
  close(): void;
}

/** How often a restart tries again when a reader came in between; each try is a page or less. */
const RESTARTS = 5;
/** How long emptying a log waits for a reader. Nobody writes meanwhile. */
const BUSY_MS = 100;

interface LogState {
  busy: number;
  log: number;
  checkpointed: number;
}

/** Opens a connection of its own to a database that is open. */
export function openCheckpointer(path: string): Checkpointer {
  const connection = new DatabaseSync(path, { timeout: BUSY_MS });
  // NORMAL syncs the log before it is copied, the file before the log begins anew, and the log's new header. OFF
  // would do none of that, and corrupts.
  connection.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA mmap_size = 0;');
  const { user_version } = connection.prepare('PRAGMA user_version').get() as { user_version: number };
  const pragma = (mode: string) => {
    const statement = connection.prepare(`PRAGMA wal_checkpoint(${mode})`);
    return () => statement.get() as unknown as LogState;
  };
  const passive = pragma('PASSIVE');
  const look = pragma('NOOP');
  const truncate = pragma('TRUNCATE');
  /** The smallest commit that there is: one page, and what it says is said already. */
  const touch = () => connection.exec(`PRAGMA user_version = ${user_version}`);
  // SQLite syncs the file only when a checkpoint has reached the log's end, and so all at once while writers wait;
  // this spreads it. Closed last of all, as closing any descriptor of the file drops this process's locks on it.
  const file = openSync(path, 'r+');

  return {
    checkpoint() {
      const { log } = passive();
      fdatasyncSync(file);
      return log;
    },
    restart() {
      let { log } = passive();
      // A reader that holds a mark for a moment makes SQLite append instead.
      for (let i = 0; i < RESTARTS; i++) {
        const before = log;
        touch();
        log = look().log;
        if (log < before) break;
        log = passive().log;
      }
      return log;
    },
    empty() {
      if (truncate().busy !== 0) return false;
      touch();
      return true;
    },
    close() {
      connection.close();
      closeSync(file);
    },
  };
}
