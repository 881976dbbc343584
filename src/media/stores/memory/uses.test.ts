import { describeMediaUses } from '../media-uses.conformance.ts';
import { createMemoryMediaUsesBackend } from './uses.ts';

describeMediaUses('in memory', () => {
  const { open } = createMemoryMediaUsesBackend();
  return { open: async () => open(), remove: async () => {} };
});
