import { createCachedSocialStore } from './cached.ts';
import { createMemorySocialBackend } from './memory.ts';
import { testSocialStore } from './social-store.conformance.ts';

testSocialStore('memory', async () => {
  const { open } = createMemorySocialBackend();
  return { open: async () => open(), dispose: async () => {} };
});

// Handles in memory hear of each other's changes, so each may have a cache of its own.
testSocialStore('memory behind two caches', async () => {
  const { open } = createMemorySocialBackend();
  return {
    async open() {
      const store = open();
      return { ...store, ...createCachedSocialStore({ store }) };
    },
    dispose: async () => {},
  };
});
