import { closeSync, fdatasyncSync, openSync } from 'node:fs';
import { type Checkpointer, openCheckpointer } from './checkpointer.ts';
import { type Disk, type DiskFile, LOG_BOUNDS } from './disk.ts';

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
  function checkpointer(): Checkpointer {
    opened ??= openCheckpointer(path);
    return opened;
  }
  return {
    sync: async () => fdatasyncSync(log),
    checkpoint: async () => checkpointer().checkpoint(),
    restart: async () => checkpointer().restart(),
    empty: async () => checkpointer().empty(),
    async close() {
      closeSync(log);
      opened?.close();
    },
  };
}
