import { testMediaIndex, testMediaStore } from './media-stores.conformance.ts';
import { createMemoryMediaBackend, createMemoryMediaIndexBackend } from './memory.ts';

testMediaIndex('Memory', async () => {
  const { open } = createMemoryMediaIndexBackend();
  return { open: async () => open(), dispose: async () => {} };
});

testMediaStore('Memory', async () => {
  const { open } = createMemoryMediaBackend();
  return { open: async () => open(), dispose: async () => {} };
});
