/** Everything that lists or tests ties in SQLite. Nothing here writes. */
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { EdgeRow } from '../../social.ts';
import { APART_MOST, type Edge, type Followee, type ListKind, RELATION } from '../../social-store.ts';
import type { Table } from './relationships.ts';

/** A private follow stands until its followee becomes protected. */
const STANDS = 'protections = (SELECT people.protections FROM people WHERE user_id = private_follows.target)';

/** One table's ties below ?2, unordered; `of` is whose list it is, `who` the end that is listed. */
const below = (table: Table, of: 'source' | 'target', who: 'source' | 'target') =>
  `SELECT id, ${who} AS userId, ${table === 'private_follows' ? 1 : 0} AS private FROM ${table}
   WHERE ${of} = ?1 AND id < ?2`;

/** The newest ?3 of them. */
const NEWEST_FIRST = 'ORDER BY id DESC LIMIT ?3 + 0';

const LISTS: Record<ListKind, string> = {
  followers: `${below('follows', 'target', 'source')} ${NEWEST_FIRST}`,
  following: `${below('follows', 'source', 'target')} ${NEWEST_FIRST}`,
  // One statement, so that a follow that turns public or private meanwhile is read once; SQLite merges the two
  // indexes in order and stops at the limit.
  ownFollowing: `${below('follows', 'source', 'target')}
    UNION ALL ${below('private_follows', 'source', 'target')} AND ${STANDS} ${NEWEST_FIRST}`,
  requests: `${below('follow_requests', 'target', 'source')} ${NEWEST_FIRST}`,
  blocks: `${below('blocks', 'source', 'target')} ${NEWEST_FIRST}`,
  mutes: `${below('mutes', 'source', 'target')} ${NEWEST_FIRST}`,
};

const bit = (value: number, table: Table, source: string, target: string, stands = 'TRUE') =>
  `(EXISTS (SELECT 1 FROM ${table} WHERE target = ${target} AND source = ${source} AND ${stands}) * ${value})`;

const RELATIONS = `SELECT ${[
  bit(RELATION.following, 'follows', '?1', '?2'),
  bit(RELATION.followingPrivately, 'private_follows', '?1', '?2', STANDS),
  bit(RELATION.requested, 'follow_requests', '?1', '?2'),
  bit(RELATION.followedBy, 'follows', '?2', '?1'),
  bit(RELATION.blocking, 'blocks', '?1', '?2'),
  bit(RELATION.blockedBy, 'blocks', '?2', '?1'),
  bit(RELATION.muting, 'mutes', '?1', '?2'),
].join(' + ')} AS bits`;

/** One more than {@link APART_MOST} rows tell that they are too many. */
const APART = `SELECT target AS userId, ${RELATION.blocking} AS bits FROM blocks WHERE source = ?1
  UNION ALL SELECT source, ${RELATION.blockedBy} FROM blocks WHERE target = ?1
  UNION ALL SELECT target, ${RELATION.muting} FROM mutes WHERE source = ?1 LIMIT ${APART_MOST + 1}`;

const EDGE = `SELECT id, 0 AS private FROM follows WHERE target = ?2 AND source = ?1
  UNION ALL SELECT id, 1 FROM private_follows WHERE target = ?2 AND source = ?1 AND ${STANDS}`;

const FOLLOWEES = `SELECT tie.target AS userId, tie.id AS id, tie.private AS private,
    EXISTS (SELECT 1 FROM mutes WHERE target = tie.target AND source = ?1) AS muted
  FROM (SELECT target, id, 0 AS private FROM follows WHERE source = ?1
    UNION ALL SELECT target, id, 1 FROM private_follows WHERE source = ?1 AND ${STANDS}) AS tie
  JOIN people ON people.user_id = tie.target AND people.state = 'active'
  ORDER BY tie.id DESC`;

/** Mostly none at all: read beside the followees rather than looked up for each of them. */
const HIDDEN_REPOSTS = 'SELECT target FROM hidden_reposts WHERE source = ?1';

const FOLLOWER_IDS = `SELECT source FROM follows WHERE target = ?1 AND source > ?2
  UNION ALL SELECT source FROM private_follows WHERE target = ?1 AND source > ?2 AND ${STANDS}
  ORDER BY source LIMIT ?3 + 0`;

const PENDING = {
  ended: `SELECT source FROM private_follows
    WHERE target = ?1 AND protections < (SELECT people.protections FROM people WHERE user_id = ?1) LIMIT ?2 + 0`,
  request: 'SELECT source FROM follow_requests WHERE target = ? ORDER BY id LIMIT ? + 0',
} as const;

/** Every read whose cost must not grow with a list, for the test that looks at their plans. */
export const BOUNDED_READS: readonly string[] = [
  ...Object.values(LISTS),
  ...Object.values(PENDING),
  RELATIONS,
  APART,
  EDGE,
  FOLLOWER_IDS,
];

/** Above every snowflake. */
const NEWEST = Number.MAX_SAFE_INTEGER;

export function createSqliteGraph(db: Database) {
  const lists = Object.fromEntries(
    Object.entries(LISTS).map(([kind, sql]) => [kind, db.prepare(sql)]),
  ) as Record<ListKind, ReturnType<Database['prepare']>>;
  const relation = db.prepare(RELATIONS);
  const apart = db.prepare(APART);
  const edge = db.prepare(EDGE);
  const publicFollow = db.prepare('SELECT 1 FROM follows WHERE target = ? AND source = ?');
  const followees = db.prepare(FOLLOWEES);
  const hiddenReposts = db.prepare(HIDDEN_REPOSTS);
  const followerIds = db.prepare(FOLLOWER_IDS);
  const pending = { ended: db.prepare(PENDING.ended), request: db.prepare(PENDING.request) };

  return {
    relation: (viewer: UserId, other: UserId) => (relation.get(viewer, other) as { bits: number }).bits,
    apart(viewer: UserId): Map<UserId, number> | null {
      const rows = apart.all(viewer) as { userId: UserId; bits: number }[];
      if (rows.length > APART_MOST) return null;
      const found = new Map<UserId, number>();
      for (const { userId, bits } of rows) found.set(userId, (found.get(userId) ?? 0) | bits);
      return found;
    },
    list(kind: ListKind, userId: UserId, before: Snowflake | null, limit: number): EdgeRow[] {
      const rows = lists[kind].all(userId, before ?? NEWEST, limit) as {
        id: Snowflake;
        userId: UserId;
        private: number;
      }[];
      return rows.map((row) => ({ id: row.id, userId: row.userId, private: row.private === 1 }));
    },
    followees(follower: UserId): Followee[] {
      const [rows, hidden] = db.read(() => [
        followees.all(follower) as { userId: number; id: number; private: number; muted: number }[],
        new Set((hiddenReposts.all(follower) as { target: UserId }[]).map(({ target }) => target)),
      ]);
      return rows.map(({ userId, id, ...row }) => ({
        userId,
        id,
        private: row.private === 1,
        muted: row.muted === 1,
        repostsHidden: hidden.has(userId),
      }));
    },
    followerIds: (followee: UserId, after: UserId, limit: number) =>
      (followerIds.all(followee, after, limit) as { source: UserId }[]).map((row) => row.source),
    followsPublicly: ({ follower, followee }: { follower: UserId; followee: UserId }) =>
      publicFollow.get(followee, follower) !== undefined,
    edge(follower: UserId, followee: UserId): Edge | undefined {
      const row = edge.get(follower, followee) as { id: Snowflake; private: number } | undefined;
      return row === undefined ? undefined : { follower, followee, id: row.id, private: row.private === 1 };
    },
    pending: (userId: UserId, kind: keyof typeof PENDING, limit: number) =>
      (pending[kind].all(userId, limit) as { source: UserId }[]).map((row) => row.source),
  };
}
