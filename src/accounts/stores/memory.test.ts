import { describeAccountsStore } from './accounts-store.conformance.ts';
import { createCachedAccountsStore } from './cached.ts';
import { createMemoryAccountsBackend } from './memory.ts';

describeAccountsStore('in memory', async () => {
  const { open } = createMemoryAccountsBackend();
  return { open: async () => open(), dispose: async () => {} };
});

// Handles in memory hear of each other's changes, so each may have a cache of its own.
describeAccountsStore('in memory, with two caches', async () => {
  const { open } = createMemoryAccountsBackend();
  return {
    async open() {
      const { accounts, audit } = open();
      return { accounts: createCachedAccountsStore({ store: accounts }), audit };
    },
    dispose: async () => {},
  };
});
