import { notFound, WarbleError } from '#domain/errors.ts';
import type { UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import { checkReason } from '#domain/text.ts';
import type { Clock } from '#platform/clock.ts';
import type { Mint } from '#platform/ids/minter.ts';
import type { Random } from '#platform/random.ts';
import { yieldToOthers } from '#platform/worker.ts';
import type { AccountRow } from './account-row.ts';
import type { Client } from './accounts.ts';
import type { AccountsStore } from './accounts-store.ts';
import type { AccountSummary, Actor, Administration, Invite } from './administration.ts';
import type { InviteRow } from './administration-store.ts';
import type { Announcer } from './announcer.ts';
import type { AuditEntry, AuditLog } from './audit.ts';
import { checkHandle, handleTaken } from './handles.ts';
import { hashInvite, newCode } from './invites.ts';
import type { PasswordHasher } from './password-hasher.ts';

export interface AdministrationDeps {
  store: AccountsStore;
  audit: AuditLog;
  announcer: Announcer;
  hasher: Pick<PasswordHasher, 'hash'>;
  mint: Mint;
  clock: Clock;
  random: Random;
}

/** How long a one-time password is valid. */
/** The queue in which administrators' passwords are hashed, separate from those of addresses. */
const ADMINISTRATOR: Client = { address: 'administrator' };
const ONE_TIME_MS = 7 * 86_400_000;
const MAX_INVITES = 10_000;
/** The owner of ids that concern no user: no user has this id. */
const NOBODY: UserId = 0;

/** What the audit log records of an action, besides the actor. */
type Drafted = Pick<AuditEntry, 'action' | 'userId'> & Partial<Pick<AuditEntry, 'subject'>>;

export function createAdministration(deps: AdministrationDeps): Administration {
  const { store, audit } = deps;
  const entryOf = entries(deps);
  return {
    ...accountReads(deps),
    ...accountActs(deps, entryOf),
    ...signUpActs(deps, entryOf),
    async isModerator({ userId }) {
      const account = await store.byId({ userId });
      return account?.state === 'active' && account.moderator;
    },
    record: ({ action, userId, subject, ...actor }) =>
      audit.record(entryOf(actor, { action, userId, subject })),
    auditLog: async ({ before, limit }) => ({
      entries: await audit.list({ before, limit: Math.min(limit, LIMITS.batch) }),
    }),
  };
}

function entries({ mint, clock }: Pick<AdministrationDeps, 'mint' | 'clock'>) {
  return ({ by, from, reason }: Actor, { action, userId, subject = '' }: Drafted): AuditEntry => {
    const checked = checkReason(reason);
    if (!checked.ok) {
      const { reason: detail } = checked;
      throw new WarbleError('invalid_text', detail, { errors: [{ pointer: '#/reason', detail }] });
    }
    const id = mint({ owner: userId ?? NOBODY, kind: 'account' });
    return { id, time: clock.now(), by, from, action, userId, subject, detail: checked.text };
  };
}

type EntryOf = ReturnType<typeof entries>;

function accountReads({
  store,
}: AdministrationDeps): Pick<Administration, 'accounts' | 'byHandle' | 'account'> {
  return {
    async accounts({ limit, after, ...query }) {
      const pageSize = Math.min(limit, LIMITS.batch);
      const found: AccountSummary[] = [];
      let next: UserId | null = after;
      while (next !== null && found.length < pageSize) {
        const page = await store.accounts({ ...query, after: next, looksAt: LIMITS.batch });
        found.push(...page.accounts.map(summaryOf));
        next = page.next;
        // Filters may match few of very many accounts.
        await yieldToOthers();
      }
      if (found.length <= pageSize) return { accounts: found, next };
      const accounts = found.slice(0, pageSize);
      return { accounts, next: accounts.at(-1)!.userId };
    },
    async byHandle({ handle }) {
      const account = await store.byHandle({ handle });
      if (account === undefined) throw notFound(`Nobody here has the handle ${handle}.`);
      return summaryOf(account);
    },
    async account({ userId }) {
      const account = await store.byId({ userId });
      if (account === undefined) throw noAccount(userId);
      const sessions = await store.sessionsOf({ userId });
      return {
        ...summaryOf(account),
        name: account.name,
        oneTimePassword: account.oneTimePassword,
        handles: await store.handlesOf({ userId }),
        sessions: sessions.map(({ sessionId, created, lastUsed, device }) => ({
          id: String(sessionId),
          created,
          lastUsed,
          device,
        })),
      };
    },
  };
}

type AccountActs = Pick<
  Administration,
  'suspend' | 'reinstate' | 'endSessions' | 'resetPassword' | 'changeHandle' | 'setModerator'
>;

function accountActs(deps: AdministrationDeps, entryOf: EntryOf): AccountActs {
  const { store, announcer, hasher, clock, random } = deps;

  async function setState(
    userId: UserId,
    to: 'active' | 'suspended',
    actor: Actor,
    subject = '',
  ): Promise<void> {
    const action = to === 'suspended' ? 'account.suspended' : 'account.reinstated';
    const from = to === 'suspended' ? (['active'] as const) : (['suspended'] as const);
    const audit = entryOf(actor, { action, userId, subject });
    const changed = await store.setState({ userId, from, to, time: clock.now(), audit });
    if (!changed) {
      const account = await store.byId({ userId });
      if (account === undefined) throw noAccount(userId);
      if (account.state !== to) throw notFound(`The account is ${account.state} and cannot become ${to}.`);
    }
    await announcer.announce(userId);
  }

  return {
    suspend: ({ userId, subject, ...actor }) => setState(userId, 'suspended', actor, subject),
    reinstate: ({ userId, ...actor }) => setState(userId, 'active', actor),
    async endSessions({ userId, ...actor }) {
      if ((await store.byId({ userId })) === undefined) throw noAccount(userId);
      const audit = entryOf(actor, { action: 'sessions.ended', userId });
      return { ended: await store.endSessions({ userId, audit }) };
    },
    async resetPassword({ userId, ...actor }) {
      const password = newCode(random);
      const passwordHash = await hasher.hash(password, ADMINISTRATOR);
      const until = clock.now() + ONE_TIME_MS;
      const audit = entryOf(actor, { action: 'password.reset', userId });
      if (!(await store.resetPassword({ userId, passwordHash, until, audit }))) throw noAccount(userId);
      return { password, until };
    },
    async changeHandle({ userId, handle, ...actor }) {
      checkHandle(handle);
      const before = await store.byId({ userId });
      if (before === undefined) throw noAccount(userId);
      if (before.handle !== handle) {
        const subject = `handle ${before.handle} -> ${handle}`;
        const audit = entryOf(actor, { action: 'handle.changed', userId, subject });
        const outcome = await store.changeHandle({ userId, handle, time: clock.now(), audit });
        if (outcome === 'taken') throw handleTaken();
        if (outcome === 'absent') throw noAccount(userId);
      }
      await announcer.announce(userId);
    },
    async setModerator({ userId, moderator, ...actor }) {
      const account = await store.byId({ userId });
      if (account?.moderator === moderator) return;
      const action = moderator ? 'moderator.made' : 'moderator.unmade';
      const audit = entryOf(actor, { action, userId });
      if (!(await store.setModerator({ userId, moderator, audit }))) throw noAccount(userId);
    },
  };
}

type SignUpActs = Pick<
  Administration,
  'signUpMode' | 'setSignUpMode' | 'invite' | 'invites' | 'removeInvite'
>;

function signUpActs({ store, mint, clock, random }: AdministrationDeps, entryOf: EntryOf): SignUpActs {
  return {
    signUpMode: async () => ({ mode: await store.signUpMode() }),
    async setSignUpMode({ mode, ...actor }) {
      const audit = entryOf(actor, { action: 'sign-up.set', userId: null, subject: `sign-up ${mode}` });
      await store.setSignUpMode({ mode, audit });
    },
    async invite({ uses, valid_ms, ...actor }) {
      const code = newCode(random);
      const created = clock.now();
      const inviteId = mint({ owner: NOBODY, kind: 'account' });
      const row: InviteRow = { inviteId, created, expires: created + valid_ms, usesLeft: uses };
      const subject = `invite ${row.inviteId}`;
      const audit = entryOf(actor, { action: 'invite.made', userId: null, subject });
      const invite = { ...row, codeHash: hashInvite(code) };
      if (!(await store.addInvite({ invite, maxInvites: MAX_INVITES, audit }))) {
        throw new WarbleError(
          'invalid_request',
          `There are ${MAX_INVITES} invites already; remove some, or let one be used more often.`,
        );
      }
      return { ...shown(row), code };
    },
    invites: async () => ({
      invites: (await store.invites({ now: clock.now(), limit: LIMITS.batch })).map(shown),
    }),
    async removeInvite({ inviteId, ...actor }) {
      const subject = `invite ${inviteId}`;
      const audit = entryOf(actor, { action: 'invite.removed', userId: null, subject });
      if (!(await store.removeInvite({ inviteId: Number(inviteId), audit }))) {
        throw notFound(`There is no invite ${inviteId}.`);
      }
    },
  };
}

function shown({ inviteId, ...rest }: InviteRow): Invite {
  return { inviteId: String(inviteId), ...rest };
}

function summaryOf({ userId, handle, state, since, created, moderator }: AccountRow): AccountSummary {
  return { userId, handle, state, since, created, moderator };
}

function noAccount(userId: UserId): WarbleError {
  return notFound(`There is no account with the id ${userId}, or it cannot be changed any more.`);
}
