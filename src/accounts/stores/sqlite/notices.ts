import type { UserId } from '#domain/ids.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { AccountNotice } from '../../accounts.ts';
import { type AccountsStore, MAX_KNOWN_DEVICES, MAX_NOTICES, type NewSession } from '../../accounts-store.ts';
import { deviceKey } from '../../device-key.ts';

/** Parts of other steps. All but `notices` must be called inside `db.write`. */
export interface NoticeSteps extends Pick<AccountsStore, 'notices'> {
  add(notice: AccountNotice & { userId: UserId }): void;
  /** Records the device of a session that has just been added, with a notice if it is new. */
  signedIn(session: NewSession): void;
  /** Deletes the notices and devices of a user. */
  erase(userId: UserId): void;
}

/** On a database whose migrations contain NOTICES_SCHEMA. */
export function createNoticeSteps(db: Database): NoticeSteps {
  const list = db.prepare('SELECT id, type FROM notices WHERE user_id = ? AND id > ? ORDER BY id DESC');
  const insert = db.prepare('INSERT INTO notices (user_id, id, type) VALUES (?, ?, ?)');
  const dropOldest = db.prepare(
    `DELETE FROM notices WHERE user_id = ?1 AND id <= (
       SELECT id FROM notices WHERE user_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2 + 0)`,
  );
  const countDevices = db.prepare('SELECT count(*) AS count FROM known_devices WHERE user_id = ?');
  const isKnown = db.prepare('SELECT 1 FROM known_devices WHERE user_id = ? AND device = ?');
  const earlier = db.prepare(
    'SELECT session_id AS sessionId, device FROM sessions WHERE user_id = ? AND session_id <> ? ORDER BY session_id',
  );
  const know = db.prepare(
    `INSERT INTO known_devices (user_id, device, last_session) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET last_session = excluded.last_session`,
  );
  const forgetOldest = db.prepare(
    `DELETE FROM known_devices WHERE user_id = ?1 AND device IN (
       SELECT device FROM known_devices WHERE user_id = ?1
       ORDER BY last_session DESC, device LIMIT -1 OFFSET ?2 + 0)`,
  );
  const eraseNotices = db.prepare('DELETE FROM notices WHERE user_id = ?');
  const eraseDevices = db.prepare('DELETE FROM known_devices WHERE user_id = ?');

  function devicesOf(userId: UserId): number {
    return (countDevices.get(userId) as { count: number }).count;
  }

  function add({ userId, id, type }: AccountNotice & { userId: UserId }): void {
    insert.run(userId, id, type);
    dropOldest.run(userId, MAX_NOTICES);
  }

  return {
    notices: async ({ userId, after }) => list.all(userId, after) as unknown as AccountNotice[],
    add,
    signedIn({ userId, sessionId, device }) {
      // For sessions that are older than the table of devices.
      if (devicesOf(userId) === 0) {
        for (const row of earlier.all(userId, sessionId) as { sessionId: number; device: string }[]) {
          know.run(userId, deviceKey(row.device), row.sessionId);
        }
      }
      const key = deviceKey(device);
      const isNew = isKnown.get(userId, key) === undefined && devicesOf(userId) > 0;
      know.run(userId, key, sessionId);
      forgetOldest.run(userId, MAX_KNOWN_DEVICES);
      if (isNew) add({ userId, id: sessionId, type: 'signIn' });
    },
    erase(userId) {
      eraseNotices.run(userId);
      eraseDevices.run(userId);
    },
  };
}
