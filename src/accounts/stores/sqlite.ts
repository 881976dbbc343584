import type { UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import { createCommitChanges } from '#platform/commit-changes.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { AccountRow } from '../account-row.ts';
import type { AccountsStore, SessionRow } from '../accounts-store.ts';
import type { AdministrationStore } from '../administration-store.ts';
import { handleKey } from '../handles.ts';
import { createSqliteAdministrationStore, signUpModeIn, takeInvite } from './sqlite/administration.ts';
import { appendAudit } from './sqlite/audit.ts';
import { createNoticeSteps, type NoticeSteps } from './sqlite/notices.ts';
import { ACCOUNT_COLUMNS as ACCOUNT, rowOf } from './sqlite/rows.ts';

const SESSION = `session_id AS sessionId, s.user_id AS userId, token_hash AS tokenHash, s.created, last_used AS lastUsed,
  device`;
type SessionSteps = Pick<
  AccountsStore,
  'openSession' | 'sessionByToken' | 'sessionsOf' | 'activeSessions' | 'endSession' | 'touch' | 'dropEnded'
>;

/** {@link AccountsStore} on a database whose migrations contain those of `sqlite-schema.ts`. */
export function createSqliteAccountsStore(db: Database): AccountsStore {
  const steps = createNoticeSteps(db);
  const { source, changed } = createCommitChanges(db);
  return {
    changes: source,
    ...accountSteps(db, { notices: steps, changed }),
    ...sessionSteps(db, { notices: steps, changed }),
    ...createSqliteAdministrationStore(db, { changed }),
    notices: steps.notices,
  };
}

interface Tells {
  notices: NoticeSteps;
  /** To be called inside the write with the user whose sessions it changes. */
  changed: (userId: UserId) => void;
}

function accountSteps(
  db: Database,
  { notices, changed }: Tells,
): Omit<AccountsStore, keyof SessionSteps | keyof AdministrationStore | 'notices' | 'changes'> {
  const nextIds = db.prepare('UPDATE user_id_blocks SET next = next + ? RETURNING next');
  const takeHandle = db.prepare(
    'INSERT INTO handles (handle_key, user_id, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const handleOwner = db.prepare('SELECT 1 FROM handles WHERE handle_key = ?');
  const insertAccount = db.prepare(
    `INSERT INTO accounts (user_id, handle, name, password_hash, state, since, created)
     VALUES (?, ?, ?, ?, 'pending', ?, ?)`,
  );
  const byHandle = db.prepare(
    `SELECT ${ACCOUNT} FROM accounts
     WHERE user_id = (SELECT user_id FROM handles WHERE handle_key = ?1) AND lower(handle) = ?1`,
  );
  const byId = db.prepare(`SELECT ${ACCOUNT} FROM accounts WHERE user_id = ?`);
  const unfinished = db.prepare(
    `SELECT ${ACCOUNT} FROM accounts WHERE state = ? AND state IN ('pending', 'erasing') AND user_id > ? AND since < ?
     ORDER BY user_id LIMIT ? + 0`,
  );
  const activate = db.prepare(
    `UPDATE accounts SET state = 'active', since = ? WHERE user_id = ? AND state = 'pending'`,
  );
  const setState = db.prepare(
    'UPDATE accounts SET state = ?, since = ?, announced = 0 WHERE user_id = ? AND state = ?',
  );
  const erase = db.prepare(
    `UPDATE accounts SET state = 'erased', since = ?, name = '', password_hash = '', moderator = 0
     WHERE user_id = ? AND state = 'erasing'`,
  );
  const exchange = db.prepare(
    'UPDATE accounts SET password_hash = ?, one_time = 0 WHERE user_id = ? AND password_hash = ?',
  );
  const endAll = db.prepare('DELETE FROM sessions WHERE user_id = ?');
  const endOthers = db.prepare('DELETE FROM sessions WHERE user_id = ? AND session_id <> ?');
  const keepSecret = db.prepare('INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING');
  const readSecret = db.prepare('SELECT value FROM secrets WHERE name = ?');

  return {
    allocateUserIds: ({ count }) =>
      db.write(() => ({ first: (nextIds.get(count) as { next: number }).next - count })),
    reserve: (account) =>
      db.write(() => {
        const { userId, handle, name, passwordHash, created, inviteHash } = account;
        if (handleOwner.get(handleKey(handle)) !== undefined) return 'taken';
        const mode = signUpModeIn(db);
        if (mode === 'closed') return 'closed';
        if (mode === 'invite' && !takeInvite(db, inviteHash, created)) return 'no_invite';
        insertAccount.run(userId, handle, name, passwordHash, created, created);
        takeHandle.run(handleKey(handle), userId, created);
        return 'reserved';
      }),
    byHandle: async ({ handle }) => found(byHandle.get(handleKey(handle))),
    byId: async ({ userId }) => found(byId.get(userId)),
    unfinished: async ({ state, before, after, limit }) =>
      unfinished.all(state, after, before, limit).map(rowOf),
    activate: ({ userId, time }) => db.write(() => void activate.run(time, userId)),
    changePassword: ({ userId, from, to, keepSession, noticeId }) =>
      db.write(() => {
        if (exchange.run(to, userId, from).changes === 0) return false;
        endOthers.run(userId, keepSession);
        changed(userId);
        notices.add({ userId, id: noticeId, type: 'passwordChanged' });
        db.noteErased();
        return true;
      }),
    setState: ({ userId, from, to, time, audit }) =>
      db.write(() => {
        if (!from.some((state) => setState.run(to, time, userId, state).changes === 1)) return false;
        if (to !== 'active') endAll.run(userId);
        changed(userId);
        if (to === 'erasing') notices.erase(userId);
        db.noteErased();
        if (audit !== null) appendAudit(db, audit);
        return true;
      }),
    erase: ({ userId, time }) =>
      db.write(() => {
        if (erase.run(time, userId).changes === 1) notices.erase(userId);
        db.noteErased();
      }),
    async secret({ name, fresh }) {
      // A server that starts on a full disk can only read.
      const kept = readSecret.get(name)?.value as Uint8Array | undefined;
      if (kept !== undefined) return Buffer.from(kept);
      return db.write(() => {
        keepSecret.run(name, fresh);
        return Buffer.from(readSecret.get(name)!.value as Uint8Array);
      });
    },
  };
}

function found(columns: unknown): AccountRow | undefined {
  return columns === undefined ? undefined : rowOf(columns);
}

function sessionSteps(db: Database, { notices, changed }: Tells): SessionSteps {
  const admit = db.prepare(
    `UPDATE accounts SET since = CASE state WHEN 'pending' THEN ?1 ELSE since END, state = 'active',
       one_time = CASE one_time WHEN 1 THEN 2 ELSE one_time END
     WHERE user_id = ?2 AND password_hash = ?3 AND state IN ('active', 'pending')
       AND (one_time = 0 OR (one_time = 1 AND one_time_until > ?1))`,
  );
  const insert = db.prepare(
    'INSERT INTO sessions (session_id, user_id, token_hash, created, last_used, device) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const endOldest = db.prepare(
    `DELETE FROM sessions WHERE session_id IN (
       SELECT session_id FROM sessions WHERE user_id = ?1 AND session_id <> ?2
       ORDER BY last_used DESC, session_id DESC LIMIT -1 OFFSET ?3 - 1)`,
  );
  const byToken = db.prepare(
    `SELECT ${SESSION} FROM sessions s JOIN accounts a ON a.user_id = s.user_id AND a.state = 'active'
     WHERE token_hash = ?`,
  );
  const ofUser = db.prepare(
    `SELECT ${SESSION} FROM sessions s WHERE user_id = ? ORDER BY last_used DESC, session_id DESC`,
  );
  const activeSessions = db.prepare(
    `SELECT session_id AS sessionId FROM sessions
     WHERE session_id IN (SELECT value FROM json_each(?))`,
  );
  const end = db.prepare('DELETE FROM sessions WHERE session_id = ? AND user_id = ?');
  const touch = db.prepare(
    'UPDATE sessions SET last_used = ?1 WHERE token_hash = ?2 AND last_used < ?1 RETURNING user_id AS userId',
  );
  const dropEnded = db.prepare(
    `DELETE FROM sessions WHERE session_id IN (
       SELECT session_id FROM sessions WHERE last_used <= ? OR created <= ? LIMIT ? + 0)
     RETURNING user_id AS userId`,
  );
  return {
    openSession: ({ session, passwordHash, maxSessions }) =>
      db.write(() => {
        const { sessionId, userId, tokenHash, created, device } = session;
        if (admit.run(created, userId, passwordHash).changes === 0) return false;
        insert.run(sessionId, userId, tokenHash, created, created, device);
        if (endOldest.run(userId, sessionId, maxSessions).changes > 0) changed(userId);
        notices.signedIn(session);
        return true;
      }),
    sessionByToken: async ({ tokenHash }) => byToken.get(tokenHash) as SessionRow | undefined,
    sessionsOf: async ({ userId }) => ofUser.all(userId) as unknown as SessionRow[],
    activeSessions: async ({ sessionIds }) => {
      const rows = activeSessions.all(JSON.stringify(sessionIds.slice(0, LIMITS.batch)));
      return rows.map((row) => row.sessionId as number);
    },
    endSession: ({ userId, sessionId }) =>
      db.write(() => {
        if (end.run(sessionId, userId).changes > 0) changed(userId);
      }),
    touch: ({ sessions }) =>
      db.write(() => {
        for (const { tokenHash, lastUsed } of sessions) {
          const row = touch.get(lastUsed, tokenHash);
          if (row !== undefined) changed(row.userId as UserId);
        }
      }),
    dropEnded: ({ usedBefore, begunBefore, limit }) =>
      db.write(() => {
        const ended = dropEnded.all(usedBefore, begunBefore, limit);
        for (const row of ended) changed(row.userId as UserId);
        return ended.length === limit;
      }),
  };
}
