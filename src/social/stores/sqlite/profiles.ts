/** Users in SQLite: rows to records and back. */
import type { UserId } from '#domain/ids.ts';
import type { AccountState } from '#domain/names.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { Counts, StoredUser, User } from '../../social-store.ts';

interface UserRow {
  user_id: number;
  handle: string;
  name: string;
  bio: string;
  picture: string;
  protected: number;
  protections: number;
  settled_protections: number;
  state: AccountState;
  created_at: number;
  version: number;
  followers: number;
  following: number;
  outgoing: number;
  requesters: number;
  blocks: number;
  mutes: number;
}

function userOf(row: UserRow): StoredUser {
  return {
    userId: row.user_id,
    handle: row.handle,
    name: row.name,
    bio: row.bio,
    picture: row.picture,
    protected: row.protected === 1,
    protections: row.protections,
    migratedProtections: row.settled_protections,
    state: row.state,
    createdAt: row.created_at,
    version: row.version,
    counts: {
      followers: row.followers,
      following: row.following,
      outgoing: row.outgoing,
      requesters: row.requesters,
      blocks: row.blocks,
      mutes: row.mutes,
    },
  };
}

/** Handles are ASCII, so this is enough to ignore case. */
const handleKey = (handle: string) => handle.toLowerCase();

/** Reads and writes of users; the writes belong inside `db.write`. */
export function createSqliteUsers(db: Database) {
  const one = db.prepare('SELECT * FROM people WHERE user_id = ?');
  const byHandle = db.prepare('SELECT * FROM people WHERE handle_key = ? ORDER BY user_id');
  const after = db.prepare('SELECT * FROM people WHERE user_id > ? ORDER BY user_id LIMIT ? + 0');
  const pendingProtectionMigrations = db.prepare(
    `SELECT user_id FROM people INDEXED BY people_unsettled
     WHERE settled_protections < protections OR (protected = 0 AND requesters > 0)
     ORDER BY user_id LIMIT ? + 0`,
  );
  const former = db.prepare(
    'SELECT handle, until FROM former_handles WHERE user_id = ? ORDER BY until DESC, handle',
  );
  const keepFormer = db.prepare(
    'INSERT OR IGNORE INTO former_handles (user_id, until, handle) VALUES (?, ?, ?)',
  );
  const save = db.prepare(
    `INSERT INTO people (user_id, handle, handle_key, name, bio, picture, protected, protections, settled_protections,
       state, created_at, version)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (user_id) DO UPDATE SET handle = excluded.handle, handle_key = excluded.handle_key,
       name = excluded.name, bio = excluded.bio, picture = excluded.picture, protected = excluded.protected,
       protections = excluded.protections, settled_protections = excluded.settled_protections,
       state = excluded.state, created_at = excluded.created_at, version = excluded.version`,
  );
  const count = db.prepare(
    `UPDATE people SET followers = followers + ?, following = following + ?, outgoing = outgoing + ?,
       requesters = requesters + ?, blocks = blocks + ?, mutes = mutes + ?
     WHERE user_id = ?`,
  );

  return {
    get(userId: UserId): StoredUser | null {
      const row = one.get(userId) as UserRow | undefined;
      return row === undefined ? null : userOf(row);
    },
    byHandle: (handle: string) => (byHandle.all(handleKey(handle)) as unknown as UserRow[]).map(userOf),
    after: (userId: UserId, limit: number) => (after.all(userId, limit) as unknown as UserRow[]).map(userOf),
    pendingProtectionMigrations: (limit: number) =>
      (pendingProtectionMigrations.all(limit) as { user_id: number }[]).map((row) => row.user_id),
    formerHandles: (userId: UserId) =>
      (former.all(userId) as { handle: string; until: number }[]).map(({ handle, until }) => ({
        handle,
        until,
      })),
    save(user: User, before: StoredUser | null, time: number): void {
      if (before !== null && before.handle !== user.handle) keepFormer.run(user.userId, time, before.handle);
      if (before !== null) db.noteErased();
      save.run(
        user.userId,
        user.handle,
        handleKey(user.handle),
        user.name,
        user.bio,
        user.picture,
        user.protected ? 1 : 0,
        user.protections,
        user.migratedProtections,
        user.state,
        user.createdAt,
        user.version,
      );
    },
    addCounts(userId: UserId, by: Counts): void {
      count.run(by.followers, by.following, by.outgoing, by.requesters, by.blocks, by.mutes, userId);
    },
  };
}
