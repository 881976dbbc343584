/**
 * Group commit: waiting writes share one transaction and one sync. Each has a savepoint of its own, so one that fails
 * harms no other.
 */
import type { DatabaseSync } from 'node:sqlite';
import { WarbleError } from '#domain/errors.ts';
import type { GroupState } from './statements.ts';
import { asWriteFailure, isStorageFault } from './storage-errors.ts';

/**
 * Called around a commit; a simulation throws from them to crash a process at exactly that line. What they throw
 * reaches every writer of the group, though their writes are kept after `afterCommit`, and kept or not after
 * `beforeSync`, as when a process dies between a commit and its answer, or the power fails.
 */
export interface CommitFaults {
  beforeCommit?: () => void;
  /** Committed, and not synced yet. Only where the database has a `disk`. */
  beforeSync?: () => void;
  /** Committed and synced; nobody was told. */
  afterCommit?: () => void;
}

export interface GroupCommitDeps {
  writer: DatabaseSync;
  group: GroupState;
  faults?: CommitFaults | undefined;
  /** Writes that may wait for the next group before 503. */
  maxWaiting: number;
  /** Syncs what was committed, where the commit itself does not. */
  sync?: (() => Promise<void>) | undefined;
  /** Begins a turn of the thread. The returned function says when the turn must end. */
  beginTurn: () => () => boolean;
  /** Whether a group may begin now. If not, call `schedule` once it may. */
  mayBegin: () => boolean;
  /** A group's changes are durable: lets readers see them. The group's writers get what it throws. */
  moveOn?: () => void;
  /** After that, for every group; its writers are answered next. */
  onDurable: () => void;
}

export interface GroupCommit {
  write<T>(work: () => T): Promise<T>;
  inEveryCommit(work: () => void): void;
  /** Makes waiting writes try again, in a turn of its own. */
  schedule(): void;
  /** Fails all waiting writes. */
  refuseWaiting(error: unknown): void;
  /** Resolves when no sync is under way. */
  synced(): Promise<void>;
  /** Refuses writes from now on. Resolves when all waiting ones are answered. */
  end(): Promise<void>;
  /** Drops all waiting writes, and refuses writes from now on. */
  crash(): void;
}

interface Waiting {
  work: () => unknown;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** Requests per transaction: at 256 a sync costs each of them next to nothing (DESIGN, on one machine). */
const GROUP = 256;

export function createGroupCommit(deps: GroupCommitDeps): GroupCommit {
  const { writer, group, faults, maxWaiting } = deps;
  const begin = writer.prepare('BEGIN IMMEDIATE');
  const commit = writer.prepare('COMMIT');
  const savepoint = writer.prepare('SAVEPOINT request');
  const release = writer.prepare('RELEASE request');
  const lastWorks: (() => void)[] = [];
  let waiting: Waiting[] = [];
  let isScheduled = false;
  let accepts = true;
  let hasCrashed = false;
  /** The sync under way; no group begins meanwhile, as readers move on by whole groups. */
  let syncing: Promise<void> | undefined;

  function runOne(request: Waiting): () => void {
    savepoint.run();
    try {
      const value = request.work();
      release.run();
      return () => request.resolve(value);
    } catch (error) {
      if (!writer.isTransaction) throw error;
      writer.exec('ROLLBACK TO request; RELEASE request');
      if (isStorageFault(error)) throw error;
      return () => request.reject(error);
    }
  }

  /** Commits as many waiting writes as the turn has time for. */
  function runGroup(isOver: () => boolean): void {
    const members = waiting.slice(0, GROUP);
    const settle: (() => void)[] = [];
    group.hasChanged = !group.isNoted;
    try {
      begin.run();
      group.isRunning = true;
      for (const request of members) {
        settle.push(runOne(request));
        if (isOver()) break;
      }
      if (group.hasChanged) for (const work of lastWorks) work();
      faults?.beforeCommit?.();
      commit.run();
    } catch (error) {
      if (writer.isOpen && writer.isTransaction) writer.exec('ROLLBACK');
      waiting = waiting.slice(members.length);
      rejectAll(members, error);
      return;
    } finally {
      group.isRunning = false;
    }
    members.length = settle.length;
    waiting = waiting.slice(members.length);
    // Everything that a read-only group has seen was synced before it began.
    if (deps.sync !== undefined && group.hasChanged) startSync(members, settle, deps.sync);
    else publish(members, settle);
  }

  function startSync(members: Waiting[], settle: (() => void)[], sync: () => Promise<void>): void {
    try {
      faults?.beforeSync?.();
    } catch (error) {
      rejectAll(members, error);
      return;
    }
    syncing = sync().then(() => {
      syncing = undefined;
      if (hasCrashed) return;
      publish(members, settle);
      schedule();
    });
  }

  function publish(members: Waiting[], settle: (() => void)[]): void {
    try {
      faults?.afterCommit?.();
      if (group.hasChanged) deps.moveOn?.();
    } catch (error) {
      rejectAll(members, error);
      return;
    }
    deps.onDurable();
    for (const done of settle) done();
  }

  function schedule(): void {
    if (isScheduled || waiting.length === 0) return;
    isScheduled = true;
    setImmediate(commitWaiting);
  }
  function commitWaiting(): void {
    isScheduled = false;
    const isOver = deps.beginTurn();
    while (waiting.length > 0 && syncing === undefined && deps.mayBegin()) {
      runGroup(isOver);
      if (isOver()) break;
    }
    if (syncing === undefined && deps.mayBegin()) schedule();
  }

  return {
    write<T>(work: () => T): Promise<T> {
      if (!accepts) {
        return Promise.reject(new WarbleError('unavailable', 'The server is stopping; try again.'));
      }
      if (waiting.length >= maxWaiting) {
        return Promise.reject(new WarbleError('overloaded', 'Too many writes wait; try again in a moment.'));
      }
      return new Promise<T>((resolve, reject) => {
        waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
        schedule();
      });
    },
    inEveryCommit: (work) => void lastWorks.push(work),
    schedule,
    refuseWaiting(error) {
      const refused = waiting;
      waiting = [];
      rejectAll(refused, error);
    },
    synced: async () => syncing,
    async end() {
      accepts = false;
      while (!hasCrashed && (waiting.length > 0 || syncing !== undefined)) {
        commitWaiting();
        await (syncing ?? new Promise((resolve) => setImmediate(resolve)));
      }
    },
    crash() {
      accepts = false;
      hasCrashed = true;
      waiting = [];
    },
  };
}

function rejectAll(members: readonly Waiting[], error: unknown): void {
  const failure = asWriteFailure(error);
  for (const request of members) request.reject(failure);
}
