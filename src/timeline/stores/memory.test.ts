import { createMemoryTimelineDbBackend } from './memory.ts';
import { describeTimelineDb } from './timeline-db.conformance.ts';

describeTimelineDb('in memory', async () => {
  const { open } = createMemoryTimelineDbBackend();
  return { one: open(), other: open(), close: async () => {} };
});
