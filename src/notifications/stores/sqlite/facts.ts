import type { Audience, BellLevel, NotificationType } from '#domain/names.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { SettingsChanges } from '../../notifications.ts';
import {
  type BellSubscriber,
  NO_READ_MARKER,
  type NotificationFacts,
  type ReadMarker,
  STORE_LIMITS,
} from '../../notifications-store.ts';

interface SettingRow {
  type: NotificationType;
  audience: Audience | null;
  in_app: number | null;
}

/** {@link NotificationFacts} on SQLite, and their erasure. */
export interface SqliteFacts extends NotificationFacts {
  /** Only inside `db.write`. Returns how many rows were deleted. */
  erase(userId: number, limit: number): number;
}

export function createSqliteFacts(db: Database): SqliteFacts {
  return { ...settingsOn(db), ...bellsOn(db), ...threadsOn(db), ...readMarkersOn(db), erase: eraserOn(db) };
}

function settingsOn(db: Database): Pick<NotificationFacts, 'settings' | 'mergeSettings'> {
  const select = db.prepare('SELECT type, audience, in_app FROM settings WHERE user_id = ?');
  const merge = db.prepare(
    `INSERT INTO settings (user_id, type, audience, in_app) VALUES (?, ?, ?, ?)
     ON CONFLICT (user_id, type) DO UPDATE SET
       audience = coalesce(excluded.audience, audience), in_app = coalesce(excluded.in_app, in_app)`,
  );

  function changesOf(userId: number): SettingsChanges {
    const changes: SettingsChanges = {};
    for (const { type, audience, in_app } of select.all(userId) as unknown as SettingRow[]) {
      changes[type] = {
        ...(audience === null ? {} : { audience }),
        ...(in_app === null ? {} : { channels: { inApp: in_app === 1 } }),
      };
    }
    return changes;
  }

  return {
    async settings({ userIds }) {
      const found = userIds.map((userId) => ({ userId, changes: changesOf(userId) }));
      return found.filter(({ changes }) => Object.keys(changes).length > 0);
    },
    mergeSettings: ({ userId, changes }) =>
      db.write(() => {
        for (const [type, { audience, channels }] of Object.entries(changes)) {
          if (audience === undefined && channels?.inApp === undefined) continue;
          merge.run(userId, type, audience ?? null, channels?.inApp === undefined ? null : +channels.inApp);
        }
        return changesOf(userId);
      }),
  };
}

function bellsOn(db: Database): Pick<NotificationFacts, 'setBell' | 'bells' | 'bellSubscribers'> {
  const select = db.prepare('SELECT level FROM bells WHERE user_id = ? AND other = ?');
  const own = db.prepare('SELECT other AS userId, level FROM bells WHERE user_id = ? LIMIT ? + 0');
  const count = db.prepare('SELECT count(*) AS bells FROM bells WHERE user_id = ?');
  const clear = db.prepare('DELETE FROM bells WHERE user_id = ? AND other = ?');
  const set = db.prepare(
    'INSERT OR REPLACE INTO bells (user_id, other, level, since_ms) VALUES (?, ?, ?, ?)',
  );
  const page = db.prepare(
    `SELECT user_id AS userId, since_ms AS since FROM bells
     WHERE other = ? AND level = 'all' AND user_id > ? ORDER BY user_id LIMIT ? + 0`,
  );
  const levelOf = (userId: number, other: number): BellLevel =>
    (select.get(userId, other) as { level: BellLevel } | undefined)?.level ?? 'default';

  return {
    setBell: ({ userId, other, level, since }) =>
      db.write(() => {
        const current = levelOf(userId, other);
        if (current === level) return true;
        if (level === 'default') {
          clear.run(userId, other);
          return true;
        }
        const full = (count.get(userId) as { bells: number }).bells >= STORE_LIMITS.bells;
        if (full && current === 'default') return false;
        set.run(userId, other, level, since);
        return true;
      }),
    async bells({ userId, others }) {
      // Most users have set few or none, and a call asks about hundreds.
      const few = own.all(userId, others.length + 1) as { userId: number; level: BellLevel }[];
      if (few.length <= others.length) {
        const asked = new Set(others);
        return few.filter((bell) => asked.has(bell.userId)).map((bell) => ({ ...bell }));
      }
      return others
        .map((other) => ({ userId: other, level: levelOf(userId, other) }))
        .filter(({ level }) => level !== 'default');
    },
    async bellSubscribers({ author, after, limit }) {
      const rows = page.all(author, after, limit + 1) as unknown as BellSubscriber[];
      const subscribers = rows.slice(0, limit).map(({ userId, since }) => ({ userId, since }));
      return { subscribers, next: rows.length > limit ? subscribers.at(-1)!.userId : null };
    },
  };
}

function threadsOn(db: Database): Pick<NotificationFacts, 'muteThread' | 'unmuteThread' | 'mutedThreads'> {
  const add = db.prepare('INSERT OR IGNORE INTO muted_threads (user_id, tweet_id) VALUES (?, ?)');
  const trim = db.prepare(
    `DELETE FROM muted_threads WHERE user_id = ?1 AND tweet_id <= (
       SELECT tweet_id FROM muted_threads WHERE user_id = ?1 ORDER BY tweet_id DESC
       LIMIT 1 OFFSET ${STORE_LIMITS.mutedThreads})`,
  );
  const remove = db.prepare('DELETE FROM muted_threads WHERE user_id = ? AND tweet_id = ?');
  const select = db.prepare('SELECT 1 FROM muted_threads WHERE user_id = ? AND tweet_id = ?');
  return {
    muteThread: ({ userId, tweetId }) =>
      db.write(() => {
        if (add.run(userId, tweetId).changes > 0) trim.run(userId);
      }),
    unmuteThread: ({ userId, tweetId }) => db.write(() => void remove.run(userId, tweetId)),
    mutedThreads: async ({ pairs }) =>
      pairs.filter(({ userId, tweetId }) => select.get(userId, tweetId) !== undefined),
  };
}

function readMarkersOn(
  db: Database,
): Pick<NotificationFacts, 'addReadMarker' | 'readMarker' | 'readMarkers'> {
  const columns = 'number, up_to AS upTo, arrival, highest';
  const newest = db.prepare(
    `SELECT ${columns} FROM read_marks WHERE user_id = ? ORDER BY number DESC LIMIT 1`,
  );
  const select = db.prepare(
    `SELECT ${columns} FROM read_marks WHERE user_id = ? AND up_to >= ? ORDER BY number`,
  );
  const add = db.prepare(
    'INSERT INTO read_marks (user_id, number, up_to, arrival, highest) VALUES (?, ?, ?, ?, ?)',
  );
  const oldestTwo = db.prepare(
    `SELECT ${columns} FROM read_marks WHERE user_id = ?1 AND number <= ?2 - ${STORE_LIMITS.readMarkers} + 1
     ORDER BY number LIMIT 2`,
  );
  const widen = db.prepare(
    'UPDATE read_marks SET up_to = ?, arrival = ?, highest = ? WHERE user_id = ? AND number = ?',
  );
  const remove = db.prepare('DELETE FROM read_marks WHERE user_id = ? AND number = ?');
  const latest = (userId: number) => ({
    ...((newest.get(userId) as ReadMarker | undefined) ?? NO_READ_MARKER),
  });

  /** What either of the two oldest covered stays read. */
  function joinOldest(userId: number, number: number): void {
    const [oldest, next] = oldestTwo.all(userId, number) as unknown as ReadMarker[];
    if (oldest === undefined || next === undefined) return;
    const upTo = Math.max(oldest.upTo, next.upTo);
    widen.run(upTo, Math.max(oldest.arrival, next.arrival), next.highest, userId, next.number);
    remove.run(userId, oldest.number);
  }

  return {
    addReadMarker: ({ userId, upTo, arrival }) =>
      db.write(() => {
        const last = latest(userId);
        const number = last.number + 1;
        add.run(userId, number, upTo, arrival, Math.max(last.highest, upTo));
        joinOldest(userId, number);
      }),
    readMarker: async ({ userId }) => latest(userId),
    readMarkers: async ({ userId, atLeast }) =>
      (select.all(userId, atLeast) as unknown as ReadMarker[]).map((marker) => ({ ...marker })),
  };
}

function eraserOn(db: Database): SqliteFacts['erase'] {
  const bounded = (table: string, key: string, where: string) =>
    db.prepare(
      `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE ${where} LIMIT ? + 0)`,
    );
  const statements = [
    bounded('settings', 'user_id, type', 'user_id = ?'),
    bounded('bells', 'user_id, other', 'user_id = ?'),
    bounded('bells', 'user_id, other', 'other = ?'),
    bounded('muted_threads', 'user_id, tweet_id', 'user_id = ?'),
    bounded('read_marks', 'user_id, number', 'user_id = ?'),
  ];
  return (userId, limit) => {
    let gone = 0;
    for (const statement of statements) {
      if (gone < limit) gone += Number(statement.run(userId, limit - gone).changes);
    }
    return gone;
  };
}
