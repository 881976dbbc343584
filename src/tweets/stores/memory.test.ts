import { createCachedTweetsStore } from './cached.ts';
import { createMemoryTweetsBackend } from './memory.ts';
import { describeTweetsStore } from './tweets-store.conformance.ts';

describeTweetsStore('in memory', async () => {
  const { open } = createMemoryTweetsBackend();
  return { open: async () => open(), remove: async () => {} };
});

// Handles in memory hear of each other's changes, so each may have a cache of its own.
describeTweetsStore('in memory, with two caches', async () => {
  const { open } = createMemoryTweetsBackend();
  return {
    async open() {
      const store = open();
      return { ...store, ...createCachedTweetsStore({ store, maxRecords: 8 }) };
    },
    remove: async () => {},
  };
});
