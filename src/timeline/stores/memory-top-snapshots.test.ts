import { createMemoryTopSnapshots } from './memory-top-snapshots.ts';
import { describeTopSnapshots } from './top-snapshots-contract.ts';

describeTopSnapshots('in memory', (clock) => {
  // In one process every handle is the same object.
  const snapshots = createMemoryTopSnapshots({ clock });
  return { open: () => snapshots };
});
