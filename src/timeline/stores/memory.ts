import type { UserId } from '#domain/ids.ts';
import { createCommitChanges } from '#platform/commit-changes.ts';
import { createMemoryCommits } from '#platform/memory-commits.ts';
import type { FanOutOnReadTail, OpenedTimelineDb, PackedHome } from '../timeline-db.ts';

/** {@link TimelineDb} in this process's memory. Handles that are open at the same time share everything. */
export function createMemoryTimelineDbBackend(): { open(): OpenedTimelineDb } {
  const commits = createMemoryCommits();
  const homes = new Map<UserId, PackedHome>();
  const tails = new Map<UserId, FanOutOnReadTail>();
  const tailChanges = createCommitChanges(commits);

  const open = (): OpenedTimelineDb => ({
    load: async ({ reader }) => structuredClone(homes.get(reader) ?? null),
    save: ({ homes: saved }) =>
      commits.write(() => {
        for (const home of saved) homes.set(home.reader, structuredClone(home));
      }),
    addFanOutOnRead: ({ actor, activities, keep }) =>
      commits.write(() => {
        const { ids: before, floor } = tails.get(actor) ?? { ids: new Float64Array(0), floor: 0 };
        const all = [...new Set([...before, ...activities.filter((id) => Math.abs(id) >= floor)])];
        all.sort((a, b) => Math.abs(a) - Math.abs(b));
        const ids = Float64Array.from(all.slice(-keep));
        const tail = { actor, ids, floor: all.length > keep ? Math.abs(ids[0]!) : floor };
        tails.set(actor, tail);
        tailChanges.changed(actor);
        return structuredClone(tail);
      }),
    async fanOutOnReadActors({ after, limit }) {
      const sorted = [...tails.keys()].filter((actor) => actor > after).sort((a, b) => a - b);
      const actors = sorted.slice(0, limit);
      return { actors, next: actors.length < limit ? null : actors.at(-1)! };
    },
    fanOutOnReadTails: async ({ actors }) =>
      actors.flatMap((actor) => structuredClone(tails.get(actor) ?? [])),
    tailChanges: tailChanges.source,
    dropOlder: ({ updatedBefore, limit }) =>
      commits.write(() => {
        const old = [...homes.values()].filter(({ updatedAt }) => updatedAt < updatedBefore).slice(0, limit);
        for (const { reader } of old) homes.delete(reader);
        return old.length === limit;
      }),
    forget: ({ user }) =>
      commits.write(() => {
        homes.delete(user);
        tails.delete(user);
        tailChanges.changed(user);
      }),
    // Nothing is lost while the process lives.
    onLost() {},
    close: async () => {},
  });
  return { open };
}
