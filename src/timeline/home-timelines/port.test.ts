import { createHomeTimelines } from './home-timelines.ts';
import { describeHomeTimelinesPort } from './port.conformance.ts';
import { createRingHomes } from './ring-homes.ts';
import { createPlainHomes } from './testing/plain-homes.ts';

describeHomeTimelinesPort('in memory', () => {
  const homeTimelines = createHomeTimelines({ maxBytes: 2 ** 30 });
  return { port: createRingHomes({ homeTimelines, shards: 2, now_ms: () => 0 }) };
});

describeHomeTimelinesPort('that fail over', () => {
  const port = createPlainHomes({ shards: 2 });
  return { port, faults: port };
});
