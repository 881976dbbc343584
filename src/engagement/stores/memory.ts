import { createCommitChanges } from '#platform/commit-changes.ts';
import { createMemoryCommits, withCommitFaults } from '#platform/memory-commits.ts';
import type { CommitFaults } from '#platform/sqlite/database.ts';
import { createMemoryOutbox } from '#queue/stores/memory/outbox.ts';
import type { OpenedEngagementStore } from '../engagement-store.ts';
import { createComments, createLikesAndReposts, createUpkeep, type Keys } from './memory/changes.ts';
import { createEngagementRows } from './memory/engagement-rows.ts';
import { createLists, createLookups } from './memory/reads.ts';

export interface MemoryEngagementBackend {
  /** Opens one more handle. `faults` are those of the process that holds it. */
  open(faults?: CommitFaults): OpenedEngagementStore;
}

/** An engagement store in this process's memory. All its open handles share everything. */
export function createMemoryEngagementBackend(): MemoryEngagementBackend {
  const commits = createMemoryCommits();
  const outbox = createMemoryOutbox({ commits, topics: ['engagement', 'reposts'] });
  const { source, changed } = createCommitChanges(commits);
  const rows = createEngagementRows(outbox, changed);
  const keys: Keys = new Map();
  return {
    open(faults) {
      const deps = { rows, keys, commits: withCommitFaults(commits, faults) };
      return {
        log: outbox.log,
        highWater: commits.highWater,
        close: async () => {},
        changes: source,
        ...createLikesAndReposts(deps),
        ...createComments(deps),
        ...createUpkeep(deps),
        ...createLists(rows),
        ...createLookups(rows),
      };
    },
  };
}
