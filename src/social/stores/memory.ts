import { createCommitChanges } from '#platform/commit-changes.ts';
import { createMemoryCommits } from '#platform/memory-commits.ts';
import { createMemoryOutbox } from '#queue/stores/memory/outbox.ts';
import { countChanges, hasTurned } from '../relationships.ts';
import type { Decision, OpenedSocialStore } from '../social-store.ts';
import { createGraph, createGraphReads } from './memory/graph.ts';
import { createHiddenPeriods } from './memory/hidden-periods.ts';
import { createUsers } from './memory/users.ts';

export interface MemorySocialBackend {
  /** One more handle. */
  open(): OpenedSocialStore;
}

/** A social store in this process's memory. Handles that are open at once share everything. */
export function createMemorySocialBackend(): MemorySocialBackend {
  const commits = createMemoryCommits();
  const outbox = createMemoryOutbox({ commits, topics: ['follows', 'accounts'] });
  const users = createUsers();
  const graph = createGraph();
  const hidden = createHiddenPeriods();
  const changes = {
    profiles: createCommitChanges(commits),
    relationships: createCommitChanges(commits),
    followees: createCommitChanges(commits),
  };

  function keep<Result>(decision: Decision<Result>): Result {
    // First what may be refused; nothing below can fail.
    for (const event of decision.events) outbox.append(event);
    for (const user of decision.users ?? []) {
      const before = users.get(user.userId);
      users.save(user, decision.time);
      changes.profiles.changed(user.userId);
      if (before !== null && hasTurned(before, user)) changes.followees.everythingChanged();
    }
    for (const { source, target, relationship } of decision.relationships ?? []) {
      const key = { source, target };
      for (const [userId, by] of countChanges(key, graph.get(key), relationship)) users.addCounts(userId, by);
      graph.save(key, relationship);
      for (const userId of [source, target]) changes.relationships.changed(userId);
      changes.followees.changed(source);
    }
    for (const period of decision.hidden ?? []) hidden.add(period);
    return decision.result;
  }

  return {
    open: () => ({
      log: outbox.log,
      highWater: commits.highWater,
      close: async () => {},
      changes: {
        profiles: changes.profiles.source,
        relationships: changes.relationships.source,
        followees: changes.followees.source,
      },
      change: (subject, decide) =>
        commits.write(() =>
          keep(
            decide({
              users: subject.users.map(users.get),
              relationships: subject.relationships.map(graph.get),
            }),
          ),
        ),
      users: async (userIds) => userIds.map(users.get),
      byHandle: async (handles) => handles.flatMap(users.byHandle),
      formerHandles: async (userId) => users.formerHandles(userId),
      scan: async ({ after, limit }) =>
        users
          .all()
          .filter(({ userId }) => userId > after)
          .slice(0, limit),
      pendingProtectionMigrations: async ({ limit }) =>
        users
          .all()
          .filter((user) => {
            const isBehind = user.migratedProtections < user.protections;
            return isBehind || (!user.protected && user.counts.requesters > 0);
          })
          .map(({ userId }) => userId)
          .slice(0, limit),
      hiddenPeriods: async (viewer) => hidden.of(viewer),
      forgetHiddenPeriods: ({ userId, limit }) => commits.write(() => hidden.forget(userId, limit)),
      ...createGraphReads(graph, users),
    }),
  };
}
