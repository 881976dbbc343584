import { LIMITS, type Window } from '#domain/limits.ts';
import type { Clock } from '#platform/clock.ts';
import type { TopSnapshot, TopSnapshots } from '../../top/top-snapshots.ts';

/** Replaced snapshots: one per second and window for as long as they are kept. */
const MAX_KEPT = 2_000;

/** {@link TopSnapshots} in this process's memory: 8 KB a snapshot of 1,000, so 16 MB at most. */
export function createMemoryTopSnapshots({ clock }: { clock: Pick<Clock, 'monotonic'> }): TopSnapshots {
  const newest = new Map<Window, TopSnapshot>();
  /** Replaced snapshots, in the order of their replacement. */
  const replaced = new Map<string, { snapshot: TopSnapshot; until: number }>();

  function dropOld(): void {
    for (const [id, { until }] of replaced) {
      if (replaced.size <= MAX_KEPT && until > clock.monotonic()) break;
      replaced.delete(id);
    }
  }
  return {
    async put(snapshot) {
      const before = newest.get(snapshot.window);
      if (before?.id === snapshot.id) return;
      newest.set(snapshot.window, snapshot);
      if (before !== undefined) {
        replaced.set(before.id, { snapshot: before, until: clock.monotonic() + LIMITS.topSnapshotKept_ms });
      }
      dropOld();
    },
    newest: async (window) => newest.get(window),
    async get(id) {
      for (const snapshot of newest.values()) if (snapshot.id === id) return snapshot;
      const found = replaced.get(id);
      return found !== undefined && found.until > clock.monotonic() ? found.snapshot : undefined;
    },
  };
}
