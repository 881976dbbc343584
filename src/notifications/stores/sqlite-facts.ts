import type { Database } from '#platform/sqlite/database.ts';
import type { BellLevel, NotificationType, SettingsChanges } from '../notifications.ts';
import { type BellPerson, type NotificationFacts, STORE_LIMITS } from '../notifications-store.ts';

interface SettingRow {
  type: NotificationType;
  audience: 'everyone' | 'following' | 'nobody' | null;
  in_app: number | null;
}

/** {@link NotificationFacts} on SQLite, and how to forget somebody's. */
export interface SqliteFacts extends NotificationFacts {
  /** Only inside `db.write`. Returns how many rows went. */
  erase(userId: number, limit: number): number;
}

export function createSqliteFacts(db: Database): SqliteFacts {
  return { ...settingsOn(db), ...bellsOn(db), ...threadsOn(db), ...marksOn(db), erase: eraserOn(db) };
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

function bellsOn(db: Database): Pick<NotificationFacts, 'setBell' | 'bells' | 'bellPeople'> {
  const select = db.prepare('SELECT level FROM bells WHERE user_id = ? AND other = ?');
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
    bells: async ({ userId, others }) =>
      others
        .map((other) => ({ userId: other, level: levelOf(userId, other) }))
        .filter(({ level }) => level !== 'default'),
    async bellPeople({ author, after, limit }) {
      const rows = page.all(author, after, limit + 1) as unknown as BellPerson[];
      const people = rows.slice(0, limit).map(({ userId, since }) => ({ userId, since }));
      return { people, next: rows.length > limit ? people.at(-1)!.userId : null };
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

function marksOn(db: Database): Pick<NotificationFacts, 'advanceMark' | 'mark' | 'marks'> {
  const newest = db.prepare('SELECT max(mark) AS mark FROM read_marks WHERE user_id = ?');
  const add = db.prepare('INSERT INTO read_marks (user_id, mark) VALUES (?, ?)');
  const trim = db.prepare(
    `DELETE FROM read_marks WHERE user_id = ?1 AND mark <= (
       SELECT mark FROM read_marks WHERE user_id = ?1 ORDER BY mark DESC LIMIT 1 OFFSET ${STORE_LIMITS.marks})`,
  );
  const select = db.prepare('SELECT mark FROM read_marks WHERE user_id = ? AND mark >= ? ORDER BY mark');
  const markOf = (userId: number) => (newest.get(userId) as { mark: number | null }).mark ?? 0;
  return {
    advanceMark: ({ userId, upTo }) =>
      db.write(() => {
        const mark = markOf(userId);
        if (upTo <= mark) return mark;
        add.run(userId, upTo);
        trim.run(userId);
        return upTo;
      }),
    mark: async ({ userId }) => markOf(userId),
    marks: async ({ userId, atLeast }) =>
      (select.all(userId, atLeast) as { mark: number }[]).map(({ mark }) => mark),
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
    bounded('read_marks', 'user_id, mark', 'user_id = ?'),
  ];
  return (userId, limit) => {
    let gone = 0;
    for (const statement of statements) {
      if (gone < limit) gone += Number(statement.run(userId, limit - gone).changes);
    }
    return gone;
  };
}
