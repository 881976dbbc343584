import { describeTopListsStore } from '../top-lists.conformance.ts';
import { createMemoryTopListsBackend } from './top-lists.ts';

describeTopListsStore('in memory', () => {
  const { open } = createMemoryTopListsBackend();
  return {
    async open(faults) {
      const store = open(faults);
      return { store, close: () => store.close() };
    },
    remove: async () => {},
  };
});
