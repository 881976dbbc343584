import { createCachedEngagementStore } from './cached.ts';
import { describeEngagementStore } from './engagement-store.conformance.ts';
import { createMemoryEngagementBackend } from './memory.ts';

describeEngagementStore('in memory', async () => {
  const { open } = createMemoryEngagementBackend();
  return { one: open(), two: open(), remove: async () => {} };
});

// Handles in memory hear of each other's changes, so each may have a cache of its own.
describeEngagementStore('in memory, with two caches', async () => {
  const { open } = createMemoryEngagementBackend();
  const cached = () => {
    const store = open();
    return { ...store, ...createCachedEngagementStore({ store, capacity: 8 }) };
  };
  return { one: cached(), two: cached(), remove: async () => {} };
});
