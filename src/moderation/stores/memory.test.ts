import { createMemoryReportsBackend } from './memory.ts';
import { testReportsStore } from './reports-store.conformance.ts';

testReportsStore('Memory', async () => {
  const { open } = createMemoryReportsBackend();
  return { open: async () => open(), dispose: async () => {} };
});
