import { LIMITS } from '#domain/limits.ts';
import { createCommitChanges } from '#platform/commit-changes.ts';
import { createMemoryCommits, type MemoryCommits } from '#platform/memory-commits.ts';
import type { AccountsStore, OpenedAccountsStore } from '../accounts-store.ts';
import type { AdministrationStore } from '../administration-store.ts';
import { handleKey } from '../handles.ts';
import { createMemoryAdministrationStore } from './memory/administration.ts';
import { appendAudit, createMemoryAuditLog } from './memory/audit.ts';
import {
  type AccountsData,
  accountsAbove,
  endSessions,
  ownerOf,
  rowOf,
  type StoredAccount,
  sessionsOf,
  takeInvite,
} from './memory/data.ts';
import { createMemoryNotices } from './memory/notices.ts';

/**
 * Accounts, sessions and the audit log in this process's memory, on commits that may be shared with other stores. Handles
 * that are open at once share everything.
 */
export function createMemoryAccountsBackend(commits = createMemoryCommits()): {
  open(): OpenedAccountsStore;
} {
  const { source, changed } = createCommitChanges(commits);
  const data: AccountsData = {
    commits,
    accounts: new Map(),
    handles: new Map(),
    sessions: new Map(),
    signUpMode: 'open',
    invites: new Map(),
    audit: [],
    notices: createMemoryNotices(),
    changed,
    nextUserId: 1,
  };
  const secret = createSecrets(commits);
  return {
    open: () => ({
      accounts: {
        changes: source,
        ...accountSteps(data),
        ...stateSteps(data),
        ...sessionSteps(data),
        ...createMemoryAdministrationStore(data),
        notices: data.notices.notices,
        secret,
      },
      audit: createMemoryAuditLog(data),
    }),
  };
}

type StateSteps = Pick<AccountsStore, 'activate' | 'changePassword' | 'setState' | 'erase'>;
type SessionSteps = Pick<
  AccountsStore,
  'openSession' | 'sessionByToken' | 'sessionsOf' | 'activeSessions' | 'endSession' | 'touch' | 'dropEnded'
>;

function accountSteps(
  data: AccountsData,
): Omit<
  AccountsStore,
  keyof StateSteps | keyof SessionSteps | keyof AdministrationStore | 'notices' | 'changes' | 'secret'
> {
  const { commits, accounts, handles } = data;
  const found = (account: StoredAccount | undefined) => (account === undefined ? undefined : rowOf(account));
  return {
    allocateUserIds: ({ count }) =>
      commits.write(() => {
        data.nextUserId += count;
        return { first: data.nextUserId - count };
      }),
    reserve: ({ inviteHash, ...account }) =>
      commits.write(() => {
        const { userId, handle, created } = account;
        if (ownerOf(data, handle) !== undefined) return 'taken';
        if (data.signUpMode === 'closed') return 'closed';
        if (data.signUpMode === 'invite' && !takeInvite(data, inviteHash, created)) return 'no_invite';
        const state = { state: 'pending', since: created, moderator: false } as const;
        accounts.set(userId, { ...account, ...state, oneTime: null, isAnnounced: true });
        handles.set(handleKey(handle), { userId, since: created });
        return 'reserved';
      }),
    async byHandle({ handle }) {
      const owner = ownerOf(data, handle);
      const account = owner === undefined ? undefined : accounts.get(owner);
      const hasItNow = account !== undefined && handleKey(account.handle) === handleKey(handle);
      return hasItNow ? rowOf(account) : undefined;
    },
    byId: async ({ userId }) => found(accounts.get(userId)),
    unfinished: async ({ state, before, after, limit }) =>
      accountsAbove(data, after)
        .filter((account) => account.state === state && account.since < before)
        .slice(0, limit)
        .map(rowOf),
  };
}

function stateSteps(data: AccountsData): StateSteps {
  const { commits, accounts, notices } = data;
  return {
    activate: ({ userId, time }) =>
      commits.write(() => {
        const account = accounts.get(userId);
        if (account?.state === 'pending') Object.assign(account, { state: 'active', since: time });
      }),
    changePassword: ({ userId, from, to, keepSession, noticeId }) =>
      commits.write(() => {
        const account = accounts.get(userId);
        if (account?.passwordHash !== from) return false;
        Object.assign(account, { passwordHash: to, oneTime: null });
        const others = sessionsOf(data, userId).filter(({ sessionId }) => sessionId !== keepSession);
        endSessions(data, others);
        notices.add({ userId, id: noticeId, type: 'passwordChanged' });
        return true;
      }),
    setState: ({ userId, from, to, time, audit }) =>
      commits.write(() => {
        const account = accounts.get(userId);
        if (account === undefined || !from.includes(account.state)) return false;
        Object.assign(account, { state: to, since: time, isAnnounced: false });
        if (to !== 'active') endSessions(data, sessionsOf(data, userId));
        data.changed(userId);
        if (to === 'erasing') notices.erase(userId);
        if (audit !== null) appendAudit(data, audit);
        return true;
      }),
    erase: ({ userId, time }) =>
      commits.write(() => {
        const account = accounts.get(userId);
        if (account?.state !== 'erasing') return;
        const erased = { state: 'erased', since: time, name: '', passwordHash: '', moderator: false };
        Object.assign(account, erased);
        notices.erase(userId);
      }),
  };
}

function sessionSteps(data: AccountsData): SessionSteps {
  const { commits, accounts, sessions, notices, changed } = data;
  return {
    openSession: ({ session, passwordHash, maxSessions }) =>
      commits.write(() => {
        const { userId, sessionId, created } = session;
        const account = accounts.get(userId);
        if (account === undefined || !mayEnter(account, passwordHash, created)) return false;
        if (account.state === 'pending') Object.assign(account, { state: 'active', since: created });
        if (account.oneTime !== null) account.oneTime.isUsed = true;
        const others = sessionsOf(data, userId);
        endSessions(data, others.slice(maxSessions - 1));
        sessions.set(sessionId, { ...session, lastUsed: created });
        notices.signedIn(session);
        return true;
      }),
    async sessionByToken({ tokenHash }) {
      const session = [...sessions.values()].find((each) => each.tokenHash === tokenHash);
      const isActive = session !== undefined && accounts.get(session.userId)?.state === 'active';
      return isActive ? { ...session } : undefined;
    },
    sessionsOf: async ({ userId }) => sessionsOf(data, userId).map((session) => ({ ...session })),
    activeSessions: async ({ sessionIds }) =>
      sessionIds.slice(0, LIMITS.batch).filter((sessionId) => sessions.has(sessionId)),
    endSession: ({ userId, sessionId }) =>
      commits.write(() => {
        endSessions(
          data,
          sessionsOf(data, userId).filter((session) => session.sessionId === sessionId),
        );
      }),
    touch: ({ sessions: touched }) =>
      commits.write(() => {
        const lastUses = new Map(touched.map(({ tokenHash, lastUsed }) => [tokenHash, lastUsed]));
        for (const session of sessions.values()) {
          const lastUsed = lastUses.get(session.tokenHash) ?? 0;
          if (lastUsed <= session.lastUsed) continue;
          session.lastUsed = lastUsed;
          changed(session.userId);
        }
      }),
    dropEnded: ({ usedBefore, begunBefore, limit }) =>
      commits.write(() => {
        const ended = [...sessions.values()]
          .filter(({ lastUsed, created }) => lastUsed <= usedBefore || created <= begunBefore)
          .slice(0, limit);
        return endSessions(data, ended) === limit;
      }),
  };
}

/** Whether an account opens a session for this password at `now`. */
function mayEnter({ state, passwordHash, oneTime }: StoredAccount, given: string, now: number): boolean {
  if (passwordHash !== given || (state !== 'active' && state !== 'pending')) return false;
  return oneTime === null || (!oneTime.isUsed && oneTime.until > now);
}

function createSecrets(commits: MemoryCommits): AccountsStore['secret'] {
  const secrets = new Map<string, Buffer>();
  return ({ name, fresh }) =>
    commits.write(() => {
      const secret = secrets.get(name) ?? Buffer.from(fresh);
      secrets.set(name, secret);
      return Buffer.from(secret);
    });
}
