import type { AdministrationStore } from '../../administration-store.ts';
import { handleKey } from '../../handles.ts';
import { appendAudit } from './audit.ts';
import {
  type AccountsData,
  accountsAbove,
  changeable,
  endSessions,
  holds,
  ownerOf,
  rowOf,
  sessionsOf,
} from './data.ts';

/** {@link AdministrationStore} in memory. */
export function createMemoryAdministrationStore(data: AccountsData): AdministrationStore {
  return { ...listing(data), ...changing(data), ...announcing(data), ...signUp(data) };
}

function listing(data: AccountsData): Pick<AdministrationStore, 'accounts' | 'handlesOf'> {
  return {
    async accounts({ state, moderators, handlePrefix, after, looksAt }) {
      const rows = accountsAbove(data, after)
        .filter(({ moderator }) => moderator || !moderators)
        .slice(0, looksAt);
      const prefix = handleKey(handlePrefix);
      const accounts = rows.filter(
        (row) => (state === null || row.state === state) && handleKey(row.handle).startsWith(prefix),
      );
      return { accounts: accounts.map(rowOf), next: rows.length < looksAt ? null : rows.at(-1)!.userId };
    },
    handlesOf: async ({ userId }) =>
      [...data.handles]
        .filter(([, owned]) => owned.userId === userId)
        .map(([handle, { since }]) => ({ handle, since }))
        .sort((a, b) => b.since - a.since || (a.handle < b.handle ? -1 : 1)),
  };
}

function changing(
  data: AccountsData,
): Pick<AdministrationStore, 'changeHandle' | 'resetPassword' | 'endSessions' | 'setModerator'> {
  const { commits, handles, notices } = data;
  return {
    changeHandle: ({ userId, handle, time, audit }) =>
      commits.write(() => {
        const account = changeable(data, userId);
        if ((ownerOf(data, handle) ?? userId) !== userId) return 'taken';
        if (account === undefined) return 'absent';
        Object.assign(account, { handle, isAnnounced: false });
        handles.set(handleKey(handle), { userId, since: time });
        appendAudit(data, audit);
        return 'changed';
      }),
    resetPassword: ({ userId, passwordHash, until, audit }) =>
      commits.write(() => {
        const account = changeable(data, userId);
        if (account === undefined) return false;
        Object.assign(account, { passwordHash, oneTime: { until, isUsed: false } });
        endSessions(data, sessionsOf(data, userId));
        notices.add({ userId, id: audit.id, type: 'passwordChanged' });
        appendAudit(data, audit);
        return true;
      }),
    endSessions: ({ userId, audit }) =>
      commits.write(() => {
        appendAudit(data, audit);
        return endSessions(data, sessionsOf(data, userId));
      }),
    setModerator: ({ userId, moderator, audit }) =>
      commits.write(() => {
        const account = changeable(data, userId);
        if (account === undefined) return false;
        account.moderator = moderator;
        appendAudit(data, audit);
        return true;
      }),
  };
}

function announcing(data: AccountsData): Pick<AdministrationStore, 'unannounced' | 'announced'> {
  return {
    unannounced: async ({ after, limit }) =>
      accountsAbove(data, after)
        .filter(({ isAnnounced }) => !isAnnounced)
        .slice(0, limit)
        .map(({ userId }) => userId),
    announced: ({ userId, state, handle }) =>
      data.commits.write(() => {
        const account = data.accounts.get(userId);
        if (account?.state === state && account.handle === handle) account.isAnnounced = true;
      }),
  };
}

type SignUpSteps = Pick<
  AdministrationStore,
  'signUpMode' | 'setSignUpMode' | 'addInvite' | 'invites' | 'removeInvite' | 'inviteHolds'
>;

function signUp(data: AccountsData): SignUpSteps {
  const { commits, invites } = data;
  return {
    signUpMode: async () => data.signUpMode,
    setSignUpMode: ({ mode, audit }) =>
      commits.write(() => {
        data.signUpMode = mode;
        appendAudit(data, audit);
      }),
    addInvite: ({ invite: { codeHash, ...invite }, maxInvites, audit }) =>
      commits.write(() => {
        for (const [code, earlier] of invites) if (!holds(earlier, invite.created)) invites.delete(code);
        if (invites.size >= maxInvites) return false;
        invites.set(codeHash, invite);
        appendAudit(data, audit);
        return true;
      }),
    invites: async ({ now, limit }) =>
      [...invites.values()]
        .filter((invite) => holds(invite, now))
        .sort((a, b) => b.inviteId - a.inviteId)
        .slice(0, limit)
        .map((invite) => ({ ...invite })),
    removeInvite: ({ inviteId, audit }) =>
      commits.write(() => {
        const found = [...invites].find(([, invite]) => invite.inviteId === inviteId);
        if (found === undefined) return false;
        invites.delete(found[0]);
        appendAudit(data, audit);
        return true;
      }),
    async inviteHolds({ codeHash, now }) {
      const invite = invites.get(codeHash);
      return invite !== undefined && holds(invite, now);
    },
  };
}
