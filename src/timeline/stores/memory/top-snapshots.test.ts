import { describeTopSnapshots } from '../top-snapshots.conformance.ts';
import { createMemoryTopSnapshots } from './top-snapshots.ts';

describeTopSnapshots('in memory', (clock) => {
  // Within a process every handle is the same object.
  const snapshots = createMemoryTopSnapshots({ clock });
  return { open: () => snapshots };
});
