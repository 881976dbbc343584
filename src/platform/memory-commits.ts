/**
 * The commits of a backend that lives in this process's memory, shared by every handle that is open on it. A change is
 * one synchronous turn, so nobody sees half of it; nothing of it survives the process.
 */
import type { HighWater } from './ids/high-water.ts';
import type { CommitFaults } from './sqlite/database.ts';

export interface MemoryCommits {
  /** All handles share these listeners, so whoever listens hears of every change, through whichever handle. */
  readonly soleOwner: true;
  /**
   * Runs `change` at once, as one commit. Where it throws, what it undoes is undone, nobody is told, and the promise
   * rejects; else all listeners have run before the promise resolves.
   */
  write<T>(change: () => T): Promise<T>;
  /**
   * To be called inside a write, for each thing that it does to its data before it may still throw. A change that looks
   * at everything first and then cannot fail need not.
   */
  toUndo(undo: () => void): void;
  /** Called in the turn of each commit, in the order of being added. */
  onCommit(listener: () => void): void;
  readonly highWater: HighWater;
}

/** Commits of a new, empty backend. */
export function createMemoryCommits(): MemoryCommits {
  const listeners: (() => void)[] = [];
  const latest: (() => number)[] = [];
  const undos: (() => void)[] = [];
  let time_ms = 0;

  function commit<T>(change: () => T): T {
    try {
      return change();
    } catch (error) {
      for (const undo of undos.toReversed()) undo();
      throw error;
    } finally {
      undos.length = 0;
    }
  }

  return {
    soleOwner: true,
    async write(change) {
      const result = commit(change);
      for (const each of latest) time_ms = Math.max(time_ms, each());
      for (const listener of listeners) listener();
      return result;
    },
    toUndo: (undo) => void undos.push(undo),
    onCommit: (listener) => void listeners.push(listener),
    highWater: {
      get time_ms() {
        return time_ms;
      },
      keep: (each) => void latest.push(each),
    },
  };
}

/** The same commits, as a process sees them that dies just before or just after one. */
export function withCommitFaults(commits: MemoryCommits, faults: CommitFaults = {}): MemoryCommits {
  return {
    ...commits,
    highWater: commits.highWater,
    async write(change) {
      faults.beforeCommit?.();
      const result = await commits.write(change);
      faults.afterCommit?.();
      return result;
    },
  };
}
