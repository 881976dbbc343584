import { createMemoryCommits, withCommitFaults } from '#platform/memory-commits.ts';
import type { CommitFaults } from '#platform/sqlite/database.ts';
import { createMemoryViewStore, type MemoryViewStates } from '#queue/stores/memory/view-store.ts';
import type { MediaUse } from '../../media.ts';
import type { OpenedMediaUses } from '../../media-uses.ts';
import type { UsesPatch } from '../../media-uses-view.ts';

/** The view of uses in this process's memory. Handles that are open at once share everything. */
export function createMemoryMediaUsesBackend(): { open(faults?: CommitFaults): OpenedMediaUses } {
  const all = createMemoryCommits();
  const states: MemoryViewStates = new Map();
  /** By partition and generation: what uses which pictures. */
  const generations = new Map<string, Map<MediaUse, string[]>>();
  const released = new Set<string>();
  const nameOf = (at: { partition: number; generation: number }) => `${at.partition}/${at.generation}`;
  const everyUse = () => [...generations.values()].flatMap((uses) => [...uses]);

  function apply(patch: UsesPatch, at: { partition: number; generation: number }): void {
    const uses = generations.get(nameOf(at)) ?? new Map<MediaUse, string[]>();
    generations.set(nameOf(at), uses);
    for (const { usedBy, names } of patch) {
      for (const name of uses.get(usedBy) ?? []) if (!names.includes(name)) released.add(name);
      if (names.length > 0) uses.set(usedBy, [...names]);
      else uses.delete(usedBy);
    }
  }

  function open(faults?: CommitFaults): OpenedMediaUses {
    const commits = withCommitFaults(all, faults);
    return {
      uses: {
        async usesOf({ name, limit }) {
          const users = everyUse().flatMap(([usedBy, names]) => (names.includes(name) ? [usedBy] : []));
          return [...new Set(users)].sort().reverse().slice(0, limit);
        },
        async used({ names }) {
          const used = new Set(everyUse().flatMap(([, theirs]) => theirs));
          return names.filter((name) => used.has(name));
        },
        released: async ({ limit }) => [...released].slice(0, limit),
        dismiss: ({ names }) =>
          commits.write(() => {
            for (const name of names) released.delete(name);
          }),
      },
      viewStore: createMemoryViewStore<UsesPatch>({
        commits,
        states,
        apply,
        // A generation is dropped as a whole, as one entry.
        drop: (at) => (generations.delete(nameOf(at)) ? 1 : 0),
      }),
      close: async () => {},
    };
  }
  return { open };
}
