/** All reads of relationships in SQLite. Nothing here writes. */
import type { Snowflake, UserId } from '#domain/ids.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { RelationshipRow } from '../../social.ts';
import {
  type Follow,
  type Followee,
  type ListKind,
  MAX_BLOCKS_AND_MUTES,
  RELATIONSHIP_BIT,
} from '../../social-store.ts';
import type { Table } from './relationships.ts';

/** A private follow is active until its followee becomes protected. */
const ACTIVE = 'protections = (SELECT people.protections FROM people WHERE user_id = private_follows.target)';

/**
 * One table's relationships below ?2, unordered; `of` is the column of the list's owner, `who` that of the users
 * listed.
 */
const below = (table: Table, of: 'source' | 'target', who: 'source' | 'target') =>
  `SELECT id, ${who} AS userId, ${table === 'private_follows' ? 1 : 0} AS private FROM ${table}
   WHERE ${of} = ?1 AND id < ?2`;

/** The newest ?3 of them. */
const NEWEST_FIRST = 'ORDER BY id DESC LIMIT ?3 + 0';

const LISTS: Record<ListKind, string> = {
  followers: `${below('follows', 'target', 'source')} ${NEWEST_FIRST}`,
  following: `${below('follows', 'source', 'target')} ${NEWEST_FIRST}`,
  // One statement, so that a follow that becomes public or private meanwhile is read once. SQLite merges the two
  // indexes in order and stops at the limit.
  ownFollowing: `${below('follows', 'source', 'target')}
    UNION ALL ${below('private_follows', 'source', 'target')} AND ${ACTIVE} ${NEWEST_FIRST}`,
  requests: `${below('follow_requests', 'target', 'source')} ${NEWEST_FIRST}`,
  blocks: `${below('blocks', 'source', 'target')} ${NEWEST_FIRST}`,
  mutes: `${below('mutes', 'source', 'target')} ${NEWEST_FIRST}`,
};

const bit = (value: number, table: Table, source: string, target: string, stands = 'TRUE') =>
  `(EXISTS (SELECT 1 FROM ${table} WHERE target = ${target} AND source = ${source} AND ${stands}) * ${value})`;

const RELATIONSHIP_BITS = `SELECT ${[
  bit(RELATIONSHIP_BIT.following, 'follows', '?1', '?2'),
  bit(RELATIONSHIP_BIT.followingPrivately, 'private_follows', '?1', '?2', ACTIVE),
  bit(RELATIONSHIP_BIT.requested, 'follow_requests', '?1', '?2'),
  bit(RELATIONSHIP_BIT.followedBy, 'follows', '?2', '?1'),
  bit(RELATIONSHIP_BIT.blocking, 'blocks', '?1', '?2'),
  bit(RELATIONSHIP_BIT.blockedBy, 'blocks', '?2', '?1'),
  bit(RELATIONSHIP_BIT.muting, 'mutes', '?1', '?2'),
].join(' + ')} AS bits`;

/** Reads one row more than {@link MAX_BLOCKS_AND_MUTES}, to find out whether there are too many. */
const BLOCKS_AND_MUTES = `SELECT target AS userId, ${RELATIONSHIP_BIT.blocking} AS bits FROM blocks WHERE source = ?1
  UNION ALL SELECT source, ${RELATIONSHIP_BIT.blockedBy} FROM blocks WHERE target = ?1
  UNION ALL SELECT target, ${RELATIONSHIP_BIT.muting} FROM mutes WHERE source = ?1 LIMIT ${MAX_BLOCKS_AND_MUTES + 1}`;

const EDGE = `SELECT id, 0 AS private FROM follows WHERE target = ?2 AND source = ?1
  UNION ALL SELECT id, 1 FROM private_follows WHERE target = ?2 AND source = ?1 AND ${ACTIVE}`;

const FOLLOWEES = `SELECT relationship.target AS userId, relationship.id AS id, relationship.private AS private,
    EXISTS (SELECT 1 FROM mutes WHERE target = relationship.target AND source = ?1) AS muted
  FROM (SELECT target, id, 0 AS private FROM follows WHERE source = ?1
    UNION ALL SELECT target, id, 1 FROM private_follows WHERE source = ?1 AND ${ACTIVE}) AS relationship
  JOIN people ON people.user_id = relationship.target AND people.state = 'active'
  ORDER BY relationship.id DESC`;

/** Most users have none, so they are read in one query instead of being looked up for each followee. */
const HIDDEN_REPOSTS = 'SELECT target FROM hidden_reposts WHERE source = ?1';

const FOLLOWER_IDS = `SELECT source FROM follows WHERE target = ?1 AND source > ?2
  UNION ALL SELECT source FROM private_follows WHERE target = ?1 AND source > ?2 AND ${ACTIVE}
  ORDER BY source LIMIT ?3 + 0`;

const PENDING = {
  ended: `SELECT source FROM private_follows
    WHERE target = ?1 AND protections < (SELECT people.protections FROM people WHERE user_id = ?1) LIMIT ?2 + 0`,
  request: 'SELECT source FROM follow_requests WHERE target = ? ORDER BY id LIMIT ? + 0',
} as const;

/** Every read whose cost must not grow with a list, for the test that checks the query plans. */
export const BOUNDED_READS: readonly string[] = [
  ...Object.values(LISTS),
  ...Object.values(PENDING),
  RELATIONSHIP_BITS,
  BLOCKS_AND_MUTES,
  EDGE,
  FOLLOWER_IDS,
];

/** Above every snowflake. */
const NEWEST = Number.MAX_SAFE_INTEGER;

export function createSqliteGraph(db: Database) {
  const lists = Object.fromEntries(
    Object.entries(LISTS).map(([kind, sql]) => [kind, db.prepare(sql)]),
  ) as Record<ListKind, ReturnType<Database['prepare']>>;
  const bits = db.prepare(RELATIONSHIP_BITS);
  const blocksAndMutes = db.prepare(BLOCKS_AND_MUTES);
  const edge = db.prepare(EDGE);
  const publicFollow = db.prepare('SELECT 1 FROM follows WHERE target = ? AND source = ?');
  const followees = db.prepare(FOLLOWEES);
  const hiddenReposts = db.prepare(HIDDEN_REPOSTS);
  const followerIds = db.prepare(FOLLOWER_IDS);
  const pending = { ended: db.prepare(PENDING.ended), request: db.prepare(PENDING.request) };

  return {
    bits: (viewer: UserId, other: UserId) => (bits.get(viewer, other) as { bits: number }).bits,
    blocksAndMutes(viewer: UserId): Map<UserId, number> | null {
      const rows = blocksAndMutes.all(viewer) as { userId: UserId; bits: number }[];
      if (rows.length > MAX_BLOCKS_AND_MUTES) return null;
      const found = new Map<UserId, number>();
      for (const { userId, bits } of rows) found.set(userId, (found.get(userId) ?? 0) | bits);
      return found;
    },
    list(kind: ListKind, userId: UserId, before: Snowflake | null, limit: number): RelationshipRow[] {
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
    edge(follower: UserId, followee: UserId): Follow | undefined {
      const row = edge.get(follower, followee) as { id: Snowflake; private: number } | undefined;
      return row === undefined ? undefined : { follower, followee, id: row.id, private: row.private === 1 };
    },
    pending: (userId: UserId, kind: keyof typeof PENDING, limit: number) =>
      (pending[kind].all(userId, limit) as { source: UserId }[]).map((row) => row.source),
  };
}
