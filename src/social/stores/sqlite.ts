/** The social store on SQLite: adjacency in tables, one file. See the port for what it promises. */
import type { UserId } from '#domain/ids.ts';
import { type CommitFaults, type Database, openDatabase } from '#platform/sqlite/database.ts';
import type { Disk } from '#platform/sqlite/disk.ts';
import { createOutbox, type Outbox } from '#queue/outbox.ts';
import { countChanges } from '../relationships.ts';
import type { SocialStore, TieKey } from '../social-store.ts';
import { type Counts, type Decision, type Edge, type Facts, NO_COUNTS, NO_TIE } from '../social-store.ts';
import { createSqliteGraph } from './sqlite/graph.ts';
import { createSqliteHiddenPeriods } from './sqlite/hidden-periods.ts';
import { createSqliteUsers } from './sqlite/profiles.ts';
import { createSqliteTies } from './sqlite/relationships.ts';
import { SOCIAL_MIGRATIONS } from './sqlite/schema.ts';

export interface SqliteSocialStoreOptions {
  path: string;
  disk?: Disk | undefined;
  faults?: CommitFaults;
  region?: string;
}

export type SqliteSocialStore = SocialStore & { outbox: Outbox; db: Database };

/** Opens, and if need be makes, the file at `path`. Several may be open on one file, unless one has a `disk`. */
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
  const ties = createSqliteTies(db);
  const graph = createSqliteGraph(db);
  const hidden = createSqliteHiddenPeriods(db);

  function keep<Result>(keys: readonly TieKey[], facts: Facts, decision: Decision<Result>): Result {
    for (const user of decision.users ?? []) {
      const before = facts.users.find((fact) => fact?.userId === user.userId) ?? null;
      users.save(user, before, decision.time);
    }
    const counts = new Map<UserId, Counts>();
    for (const { from, to, tie } of decision.ties ?? []) {
      const index = keys.findIndex((key) => key.from === from && key.to === to);
      const before = facts.ties[index] ?? NO_TIE;
      ties.save({ from, to }, before, tie);
      for (const [userId, changes] of countChanges({ from, to }, before, tie)) add(counts, userId, changes);
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
    change: (subject, decide) =>
      db.write(() => {
        const facts: Facts = { users: subject.users.map(users.get), ties: subject.ties.map(ties.get) };
        return keep(subject.ties, facts, decide(facts));
      }),
    users: async (userIds) => db.read(() => userIds.map(users.get)),
    relations: async ({ viewer, others }) =>
      db.read(() => others.map((other) => graph.relation(viewer, other))),
    apart: async (viewer) => graph.apart(viewer),
    byHandle: async (handles) => handles.flatMap(users.byHandle),
    formerHandles: async (userId) => users.formerHandles(userId),
    list: async ({ kind, userId, before, limit }) => graph.list(kind, userId, before, limit),
    followees: async (follower) => graph.followees(follower),
    followerIds: async ({ followee, after, limit }) => graph.followerIds(followee, after, limit),
    edges: async (pairs) =>
      pairs
        .map(({ follower, followee }) => graph.edge(follower, followee))
        .filter((edge): edge is Edge => edge !== undefined),
    publicFollows: async (pairs) => db.read(() => pairs.filter(graph.followsPublicly)),
    scan: async ({ after, limit }) => users.after(after, limit),
    pending: async ({ userId, kind, limit }) => graph.pending(userId, kind, limit),
    unsettled: async ({ limit }) => users.unsettled(limit),
    hiddenPeriods: async (viewer) => hidden.of(viewer),
    forgetHiddenPeriods: ({ userId, limit }) => db.write(() => hidden.forget(userId, limit)),
    tiesOf: async ({ userId, limit }) => ties.touching(userId, limit),
  };
}

function add(counts: Map<UserId, Counts>, userId: UserId, changes: Partial<Counts>): void {
  const sum = counts.get(userId) ?? { ...NO_COUNTS };
  for (const [name, by] of Object.entries(changes)) sum[name as keyof Counts] += by;
  counts.set(userId, sum);
}
