/**
 * A disk whose syncs take a number of event loop turns drawn from the seed, and which loses unsynced data when the
 * power fails. Logs are short, so that they restart often.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Random } from '#platform/random.ts';
import type { Disk, DiskFile } from '#platform/sqlite/disk.ts';
import { createInThreadDisk } from '#platform/sqlite/in-thread-disk.ts';

export interface UnsteadyDisk extends Disk {
  /**
   * The power fails now: each log loses some of its unsynced pages, always the newest. Returns a function that makes
   * the files so, to be called once the dead process has closed them.
   */
  cutPower(): () => void;
}

const LOG_BOUNDS = { sync: 10, checkpoint: 40, restart: 120, max: 400 };
const MAX_TURNS = 3;
/** The sizes in a log (sqlite.org/walformat.html): its header, and each page with its own header. */
const LOG_HEADER = 32;
const LOG_PAGE = 24 + 4_096;

interface Opened {
  path: string;
  /** How many pages the log has. */
  pages(): number;
  /** How many of them are synced. */
  synced: number;
  close(): void;
}

export function createUnsteadyDisk(random: Random): UnsteadyDisk {
  const inner = createInThreadDisk();
  const opened = new Set<Opened>();

  async function pass(turns: number): Promise<void> {
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  function openFile(path: string): DiskFile {
    const file = inner.file(path);
    const state = watchLog(path);
    opened.add(state);
    /** Never resolves if the process dies meanwhile. */
    async function later<T>(call: () => Promise<T>): Promise<T> {
      await pass(random.integer(MAX_TURNS + 1));
      if (!opened.has(state)) return new Promise(() => {});
      const result = call();
      state.synced = state.pages();
      return result;
    }
    return {
      sync: () => later(file.sync),
      checkpoint: () => later(file.checkpoint),
      restart: () => later(file.restart),
      empty: () => later(file.empty),
      close() {
        opened.delete(state);
        state.close();
        return file.close();
      },
    };
  }

  return {
    ...inner,
    logBounds: LOG_BOUNDS,
    file: openFile,
    cutPower() {
      const disks = [...opened].map(({ path, pages, synced }) => {
        const kept = synced + random.integer(pages() - synced + 1);
        const log = readFileSync(`${path}-wal`).subarray(0, LOG_HEADER + kept * LOG_PAGE);
        return { path, file: readFileSync(path), log };
      });
      return () => {
        for (const { path, file, log } of disks) {
          rmSync(`${path}-shm`, { force: true });
          writeFileSync(path, file);
          writeFileSync(`${path}-wal`, log);
        }
      };
    },
  };
}

function watchLog(path: string): Opened {
  const connection = new DatabaseSync(path);
  const look = connection.prepare('PRAGMA wal_checkpoint(NOOP)');
  const pages = () => (look.get() as { log: number }).log;
  return { path, pages, synced: pages(), close: () => connection.close() };
}
