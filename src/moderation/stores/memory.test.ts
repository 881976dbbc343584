import { createMemoryReportsBackend } from './memory.ts';
import { describeReportsStore } from './reports-store.conformance.ts';

describeReportsStore('in memory', async () => {
  const { open } = createMemoryReportsBackend();
  return { open: async () => open(), dispose: async () => {} };
});
