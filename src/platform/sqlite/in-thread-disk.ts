import { closeSync, fdatasyncSync, openSync } from 'node:fs';
import { type Checkpointer, openCheckpointer } from './checkpointer.ts';
import { closedFile, type Disk, type DiskFile, LOG_BOUNDS } from './disk.ts';

/** {@link Disk} on the caller's thread: each call is done when it returns. Its turns take no time. */
export function createInThreadDisk(): Disk {
  return {
    file: openFile,
    fail(error) {
      // Beyond everybody who might catch it.
      setImmediate(() => {
        throw error;
      });
    },
    logBounds: LOG_BOUNDS,
    monotonic: () => 0,
    close: async () => {},
  };
}

function openFile(path: string): DiskFile {
  const log = openSync(`${path}-wal`, 'r+');
  let opened: Checkpointer | undefined;
  let isClosed = false;
  function checkpointer(): Checkpointer {
    if (isClosed) throw closedFile(path);
    opened ??= openCheckpointer(path);
    return opened;
  }
  return {
    async sync() {
      if (isClosed) throw closedFile(path);
      fdatasyncSync(log);
    },
    checkpoint: async () => checkpointer().checkpoint(),
    restart: async () => checkpointer().restart(),
    empty: async () => checkpointer().empty(),
    async close() {
      isClosed = true;
      closeSync(log);
      opened?.close();
    },
  };
}
