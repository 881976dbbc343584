import { closeSync, openSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Checkpointer } from './checkpointer.ts';
import { closedFile, type Disk, type DiskFile, LOG_BOUNDS } from './disk.ts';

export interface DiskThreadsDeps {
  /** Must end the process at once. Called where a sync failed, or a thread ended by itself. */
  onFailure: (error: unknown) => void;
}

export interface CheckpointRequest {
  call: keyof Checkpointer;
  path: string;
}
/** Of both kinds of threads; in the order of the requests. */
export type Reply =
  | { value: number | boolean }
  | { error: { message: string; code?: string; errcode?: number; errstr?: string; syscall?: string } };

/**
 * Threads that sync logs. A sync takes 1 ms mostly and 100 ms now and then; with several, those of different files
 * go on side by side, and the file system makes them one.
 */
const SYNC_THREADS = 3;

/**
 * {@link Disk} on threads of its own, not on libuv's four, which password hashes and pictures may fill. Checkpoints
 * have one thread, as a sync must not wait for them.
 */
export function createDiskThreads({ onFailure }: DiskThreadsDeps): Disk {
  const checkpoints = startThread<CheckpointRequest>('./checkpoint-thread.ts', onFailure);
  const syncs = Array.from({ length: SYNC_THREADS }, () =>
    startThread<number>('./sync-thread.mjs', onFailure),
  );
  const leastBusy = () => syncs.reduce((best, thread) => (thread.waiting() < best.waiting() ? thread : best));

  /** Ends of files that are being closed. */
  const closings = new Set<Promise<void>>();

  function openFile(path: string): DiskFile {
    // Descriptors are the process's, so any thread may sync by them.
    const log = openSync(`${path}-wal`, 'r+');
    const underWay = new Set<Promise<unknown>>();
    let isClosed = false;
    async function ask(call: CheckpointRequest['call']) {
      if (isClosed) throw closedFile(path);
      return checkpoints.ask({ call, path });
    }

    async function sync(): Promise<void> {
      if (isClosed) throw closedFile(path);
      const syncing = leastBusy().ask(log);
      underWay.add(syncing);
      try {
        await syncing;
      } finally {
        underWay.delete(syncing);
      }
    }
    async function close(): Promise<void> {
      // Asked at once: the next file of this path must find the thread's connection to this one closed.
      const closed = ask('close');
      isClosed = true;
      // Syncs know the log by its number alone, which the next file to be opened gets.
      await Promise.allSettled(underWay);
      closeSync(log);
      await closed;
    }
    return {
      sync,
      checkpoint: async () => (await ask('checkpoint')) as number,
      restart: async () => (await ask('restart')) as number,
      empty: async () => (await ask('empty')) as boolean,
      close() {
        const closing = close();
        const ended = closing.catch(() => {}).finally(() => closings.delete(ended));
        closings.add(ended);
        return closing;
      },
    };
  }

  return {
    file: openFile,
    fail: onFailure,
    logBounds: LOG_BOUNDS,
    monotonic: () => performance.now(),
    async close() {
      await Promise.all(closings);
      await Promise.all([checkpoints, ...syncs].map((thread) => thread.end()));
    },
  };
}

interface Thread<Request> {
  /** Requests without a reply. */
  waiting(): number;
  ask(request: Request): Promise<number | boolean>;
  end(): Promise<void>;
}

function startThread<Request>(script: string, onFailure: (error: unknown) => void): Thread<Request> {
  const worker = new Worker(new URL(script, import.meta.url));
  const asked: { resolve: (value: number | boolean) => void; reject: (error: unknown) => void }[] = [];
  let ended = false;
  worker.on('message', (reply: Reply) => {
    const { resolve, reject } = asked.shift()!;
    if (asked.length === 0) worker.unref();
    if ('value' in reply) resolve(reply.value);
    else reject(Object.assign(new Error(reply.error.message), reply.error));
  });
  worker.on('error', onFailure);
  worker.on('exit', () => {
    if (!ended) onFailure(new Error('A thread of the disk ended.'));
  });
  // It keeps the process alive only while somebody waits for it. Last, as a listener for messages does so too.
  worker.unref();
  return {
    waiting: () => asked.length,
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (asked.length === 0) worker.ref();
        asked.push({ resolve, reject });
        worker.postMessage(request);
      }),
    async end() {
      ended = true;
      await worker.terminate();
    },
  };
}
