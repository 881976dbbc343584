import { createMemoryNotificationsBackend } from './memory.ts';
import { describeNotificationsStore } from './notifications-store.conformance.ts';

describeNotificationsStore('in memory', async () => {
  const { open } = createMemoryNotificationsBackend();
  return { open: async () => open(), destroy: async () => {} };
});
