import { createMemoryCommits, withCommitFaults } from '#platform/memory-commits.ts';
import type { CommitFaults } from '#platform/sqlite/database.ts';
import type { OpenedNotificationsStore } from '../notifications-store.ts';
import { createFactsData, createMemoryFacts, eraseFacts } from './memory/facts.ts';
import { createMemoryNotifications, createRecordsData, eraseNotifications } from './memory/notifications.ts';

/** A notifications store in this process's memory. Handles that are open at once share everything. */
export function createMemoryNotificationsBackend(): {
  open(faults?: CommitFaults): OpenedNotificationsStore;
} {
  const all = createMemoryCommits();
  const facts = createFactsData();
  const records = createRecordsData();
  return {
    open(faults) {
      const commits = withCommitFaults(all, faults);
      return {
        ...createMemoryFacts(facts, commits),
        ...createMemoryNotifications(records, commits),
        eraseUser: ({ userId, limit }) =>
          commits.write(() => {
            const gone = eraseFacts(facts, userId, limit);
            return { done: gone + eraseNotifications(records, userId, limit - gone) < limit };
          }),
        highWater: commits.highWater,
        close: async () => {},
      };
    },
  };
}
