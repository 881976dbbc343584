import { describeMediaIndex, describeMediaStore } from './media-stores.conformance.ts';
import { createMemoryMediaBackend, createMemoryMediaIndexBackend } from './memory.ts';

describeMediaIndex('in memory', async () => {
  const { open } = createMemoryMediaIndexBackend();
  return { open: async () => open(), dispose: async () => {} };
});

describeMediaStore('in memory', async () => {
  const { open } = createMemoryMediaBackend();
  return { open: async () => open(), dispose: async () => {} };
});
