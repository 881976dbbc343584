/** The social store on SQLite: adjacency tables in one file. See the port for what it promises. */
import type { UserId } from '#domain/ids.ts';
import { createCommitChanges } from '#platform/commit-changes.ts';
import { createSqliteHighWater } from '#platform/ids/high-water.ts';
import type { CommitFaults, Database } from '#platform/sqlite/database.ts';
import type { Disk } from '#platform/sqlite/disk.ts';
import { openDatabase } from '#platform/sqlite/open-database.ts';
import { createOutbox, type Outbox } from '#queue/outbox.ts';
import { createSqliteLog } from '#queue/stores/sqlite/log.ts';
import { countChanges, hasTurned } from '../relationships.ts';
import type { OpenedSocialStore, RelationshipKey } from '../social-store.ts';
import {
  type Counts,
  type Decision,
  type Facts,
  type Follow,
  NO_COUNTS,
  NO_RELATIONSHIP,
} from '../social-store.ts';
import { createSqliteGraph } from './sqlite/graph.ts';
import { createSqliteHiddenPeriods } from './sqlite/hidden-periods.ts';
import { createSqliteUsers } from './sqlite/profiles.ts';
import { createSqliteRelationships } from './sqlite/relationships.ts';
import { SOCIAL_MIGRATIONS } from './sqlite/schema.ts';

export interface SqliteSocialStoreOptions {
  path: string;
  disk?: Disk | undefined;
  faults?: CommitFaults;
  region?: string;
}

export interface SqliteSocialStore extends OpenedSocialStore {
  db: Database;
  /** Topics `follows` and `accounts`. */
  outbox: Outbox;
}

/**
 * Opens the file at `path`, and creates it where it does not exist. Several may be open on one file, unless one has a
 * `disk`.
 */
export function openSqliteSocialStore({
  path,
  disk,
  faults,
  region,
}: SqliteSocialStoreOptions): SqliteSocialStore {
  const db = openDatabase({ path, migrations: SOCIAL_MIGRATIONS, durability: 'full', disk, faults });
  const outbox = createOutbox({
    db,
    topics: ['follows', 'accounts'],
    ...(region === undefined ? {} : { region }),
  });
  const users = createSqliteUsers(db);
  const relationships = createSqliteRelationships(db);
  const graph = createSqliteGraph(db);
  const hidden = createSqliteHiddenPeriods(db);
  const changes = {
    profiles: createCommitChanges(db),
    relationships: createCommitChanges(db),
    followees: createCommitChanges(db),
  };

  function keep<Result>(keys: readonly RelationshipKey[], facts: Facts, decision: Decision<Result>): Result {
    for (const user of decision.users ?? []) {
      const before = facts.users.find((fact) => fact?.userId === user.userId) ?? null;
      users.save(user, before, decision.time);
      changes.profiles.changed(user.userId);
      if (before !== null && hasTurned(before, user)) changes.followees.everythingChanged();
    }
    const counts = new Map<UserId, Counts>();
    for (const { source, target, relationship } of decision.relationships ?? []) {
      const index = keys.findIndex((key) => key.source === source && key.target === target);
      const before = facts.relationships[index] ?? NO_RELATIONSHIP;
      relationships.save({ source, target }, before, relationship);
      for (const userId of [source, target]) changes.relationships.changed(userId);
      changes.followees.changed(source);
      for (const [userId, by] of countChanges({ source, target }, before, relationship))
        add(counts, userId, by);
    }
    for (const [userId, by] of counts)
      if (Object.values(by).some((n) => n !== 0)) users.addCounts(userId, by);
    for (const period of decision.hidden ?? []) hidden.add(period);
    for (const event of decision.events) outbox.append(event);
    return decision.result;
  }

  return {
    outbox,
    db,
    changes: {
      profiles: changes.profiles.source,
      relationships: changes.relationships.source,
      followees: changes.followees.source,
    },
    log: createSqliteLog(outbox),
    highWater: createSqliteHighWater(db),
    close: db.close,
    change: (subject, decide) =>
      db.write(() => {
        const facts: Facts = {
          users: subject.users.map(users.get),
          relationships: subject.relationships.map(relationships.get),
        };
        return keep(subject.relationships, facts, decide(facts));
      }),
    users: async (userIds) => db.read(() => userIds.map(users.get)),
    relationshipBits: async ({ viewer, others }) =>
      db.read(() => others.map((other) => graph.bits(viewer, other))),
    blocksAndMutes: async (viewer) => graph.blocksAndMutes(viewer),
    byHandle: async (handles) => handles.flatMap(users.byHandle),
    formerHandles: async (userId) => users.formerHandles(userId),
    list: async ({ kind, userId, before, limit }) => graph.list(kind, userId, before, limit),
    followees: async (follower) => graph.followees(follower),
    followerIds: async ({ followee, after, limit }) => graph.followerIds(followee, after, limit),
    follows: async (pairs) =>
      pairs
        .map(({ follower, followee }) => graph.edge(follower, followee))
        .filter((edge): edge is Follow => edge !== undefined),
    publicFollows: async (pairs) => db.read(() => pairs.filter(graph.followsPublicly)),
    scan: async ({ after, limit }) => users.after(after, limit),
    pending: async ({ followee, kind, limit }) => graph.pending(followee, kind, limit),
    pendingProtectionMigrations: async ({ limit }) => users.pendingProtectionMigrations(limit),
    hiddenPeriods: async (viewer) => hidden.of(viewer),
    forgetHiddenPeriods: ({ userId, limit }) => db.write(() => hidden.forget(userId, limit)),
    relationshipsOf: async ({ userId, limit }) => relationships.touching(userId, limit),
  };
}

function add(counts: Map<UserId, Counts>, userId: UserId, changes: Partial<Counts>): void {
  const sum = counts.get(userId) ?? { ...NO_COUNTS };
  for (const [name, by] of Object.entries(changes)) sum[name as keyof Counts] += by;
  counts.set(userId, sum);
}
