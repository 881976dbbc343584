import type { UserId } from '#domain/ids.ts';
import type { SignUpMode } from '#domain/names.ts';
import type { Database } from '#platform/sqlite/database.ts';
import type { AccountsQuery, AdministrationStore, InviteRow } from '../../administration-store.ts';
import type { AuditEntry } from '../../audit.ts';
import { handleKey } from '../../handles.ts';
import { appendAudit } from './audit.ts';
import { createNoticeSteps } from './notices.ts';
import { ACCOUNT_COLUMNS, rowOf } from './rows.ts';

interface Tells {
  /** To be called inside the write with the user whose sessions it changes. */
  changed: (userId: UserId) => void;
}

/** {@link AdministrationStore} on a database whose migrations contain those of `sqlite-schema.ts`. */
export function createSqliteAdministrationStore(db: Database, tells: Tells): AdministrationStore {
  return { ...usersSteps(db, tells), ...announcementSteps(db), ...signUpSteps(db) };
}

type UsersSteps = Pick<
  AdministrationStore,
  'accounts' | 'handlesOf' | 'changeHandle' | 'resetPassword' | 'endSessions' | 'setModerator'
>;
/** Pending accounts were never visible to anybody, and accounts that are being erased do not change any more. */
const STANDING = `state IN ('active', 'suspended')`;

function usersSteps(db: Database, { changed }: Tells): UsersSteps {
  const { add: addNotice } = createNoticeSteps(db);
  const list = db.prepare(
    `SELECT ${ACCOUNT_COLUMNS} FROM accounts WHERE user_id > ? ORDER BY user_id LIMIT ? + 0`,
  );
  const listModerators = db.prepare(
    `SELECT ${ACCOUNT_COLUMNS} FROM accounts WHERE moderator = 1 AND user_id > ? ORDER BY user_id LIMIT ? + 0`,
  );
  const handles = db.prepare(
    'SELECT handle_key AS handle, since FROM handles WHERE user_id = ? ORDER BY since DESC, handle_key',
  );
  const ownerOf = db.prepare('SELECT user_id AS userId FROM handles WHERE handle_key = ?');
  const setHandle = db.prepare(
    `UPDATE accounts SET handle = ?, announced = 0 WHERE user_id = ? AND ${STANDING}`,
  );
  const takeHandle = db.prepare(
    `INSERT INTO handles (handle_key, user_id, since) VALUES (?, ?, ?)
     ON CONFLICT (handle_key) DO UPDATE SET since = excluded.since`,
  );
  const setPassword = db.prepare(
    `UPDATE accounts SET password_hash = ?, one_time = 1, one_time_until = ? WHERE user_id = ? AND ${STANDING}`,
  );
  const endAll = db.prepare('DELETE FROM sessions WHERE user_id = ?');
  const setRole = db.prepare(`UPDATE accounts SET moderator = ? WHERE user_id = ? AND ${STANDING}`);

  return {
    async accounts({ state, moderators, handlePrefix, after, looksAt }: AccountsQuery) {
      const rows = (moderators ? listModerators : list).all(after, looksAt).map(rowOf);
      const prefix = handleKey(handlePrefix);
      const accounts = rows.filter(
        (row) => (state === null || row.state === state) && handleKey(row.handle).startsWith(prefix),
      );
      return { accounts, next: rows.length < looksAt ? null : rows.at(-1)!.userId };
    },
    handlesOf: async ({ userId }) => handles.all(userId) as unknown as { handle: string; since: number }[],
    changeHandle: ({ userId, handle, time, audit }) =>
      db.write(() => {
        const owner = ownerOf.get(handleKey(handle)) as { userId: number } | undefined;
        if (owner !== undefined && owner.userId !== userId) return 'taken';
        if (setHandle.run(handle, userId).changes === 0) return 'absent';
        takeHandle.run(handleKey(handle), userId, time);
        appendAudit(db, audit);
        return 'changed';
      }),
    resetPassword: ({ userId, passwordHash, until, audit }) =>
      db.write(() => {
        if (setPassword.run(passwordHash, until, userId).changes === 0) return false;
        endAll.run(userId);
        changed(userId);
        addNotice({ userId, id: audit.id, type: 'passwordChanged' });
        appendAudit(db, audit);
        return true;
      }),
    endSessions: ({ userId, audit }) =>
      db.write(() => {
        appendAudit(db, audit);
        changed(userId);
        return Number(endAll.run(userId).changes);
      }),
    setModerator: ({ userId, moderator, audit }) =>
      db.write(() => {
        if (setRole.run(moderator ? 1 : 0, userId).changes === 0) return false;
        appendAudit(db, audit);
        return true;
      }),
  };
}

function announcementSteps(db: Database): Pick<AdministrationStore, 'unannounced' | 'announced'> {
  const unannounced = db.prepare(
    'SELECT user_id AS userId FROM accounts WHERE announced = 0 AND user_id > ? ORDER BY user_id LIMIT ? + 0',
  );
  const announced = db.prepare(
    'UPDATE accounts SET announced = 1 WHERE user_id = ? AND state = ? AND handle = ? AND announced = 0',
  );
  return {
    unannounced: async ({ after, limit }) =>
      (unannounced.all(after, limit) as { userId: number }[]).map(({ userId }) => userId),
    announced: ({ userId, state, handle }) => db.write(() => void announced.run(userId, state, handle)),
  };
}

type SignUpSteps = Pick<
  AdministrationStore,
  'signUpMode' | 'setSignUpMode' | 'addInvite' | 'invites' | 'removeInvite' | 'inviteHolds'
>;

function signUpSteps(db: Database): SignUpSteps {
  const setMode = db.prepare('UPDATE sign_up SET mode = ?');
  const countInvites = db.prepare('SELECT count(*) AS count FROM invites');
  const dropEnded = db.prepare('DELETE FROM invites WHERE expires <= ? OR uses_left = 0');
  const insert = db.prepare(
    'INSERT INTO invites (invite_id, code_hash, created, expires, uses_left) VALUES (?, ?, ?, ?, ?)',
  );
  const list = db.prepare(
    `SELECT invite_id AS inviteId, created, expires, uses_left AS usesLeft FROM invites
     WHERE expires > ? AND uses_left > 0 ORDER BY invite_id DESC LIMIT ? + 0`,
  );
  const remove = db.prepare('DELETE FROM invites WHERE invite_id = ?');
  const holds = db.prepare('SELECT 1 FROM invites WHERE code_hash = ? AND expires > ? AND uses_left > 0');
  return {
    signUpMode: async () => signUpModeIn(db),
    setSignUpMode: ({ mode, audit }) =>
      db.write(() => {
        setMode.run(mode);
        appendAudit(db, audit satisfies AuditEntry);
      }),
    addInvite: ({ invite, maxInvites, audit }) =>
      db.write(() => {
        const { inviteId, codeHash, created, expires, usesLeft } = invite;
        dropEnded.run(created);
        if ((countInvites.get() as { count: number }).count >= maxInvites) return false;
        insert.run(inviteId, codeHash, created, expires, usesLeft);
        appendAudit(db, audit);
        return true;
      }),
    invites: async ({ now, limit }) => list.all(now, limit) as unknown as InviteRow[],
    removeInvite: ({ inviteId, audit }) =>
      db.write(() => {
        if (remove.run(inviteId).changes === 0) return false;
        appendAudit(db, audit);
        return true;
      }),
    inviteHolds: async ({ codeHash, now }) => holds.get(codeHash, now) !== undefined,
  };
}

/** Who may sign up. */
export function signUpModeIn(db: Database): SignUpMode {
  return (db.prepare('SELECT mode FROM sign_up').get() as { mode: SignUpMode }).mode;
}

/** Uses up one sign-up of an invite; false where it is not valid at `now`. Only inside `db.write`. */
export function takeInvite(db: Database, codeHash: string | undefined, now: number): boolean {
  if (codeHash === undefined) return false;
  return (
    db
      .prepare(
        'UPDATE invites SET uses_left = uses_left - 1 WHERE code_hash = ? AND expires > ? AND uses_left > 0',
      )
      .run(codeHash, now).changes === 1
  );
}
