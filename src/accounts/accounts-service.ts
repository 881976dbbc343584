/**
 * The rules of accounts. A sign-up has three steps: the handle is reserved with a pending account; the social service
 * creates the user; the account becomes active together with its first session. A sign-up that a crash interrupts is
 * finished, and its handle never freed, since the social service may already know the user. Trying the same sign-up
 * again continues where the first attempt stopped, and so does signing in.
 */
import { isWarbleError, type Pointer, WarbleError } from '#domain/errors.ts';
import type { UserId } from '#domain/ids.ts';
import type { Clock } from '#platform/clock.ts';
import type { Mint } from '#platform/ids/minter.ts';
import type { Random } from '#platform/random.ts';
import type { Worker } from '#platform/worker.ts';
import type { PubSub } from '#queue/pubsub.ts';
import type { Social } from '#social/social.ts';
import type { AccountRow } from './account-row.ts';
import type { Accounts, Client } from './accounts.ts';
import type { AccountsStore, Reserved } from './accounts-store.ts';
import type { Announcer } from './announcer.ts';
import { checkHandle, handleTaken } from './handles.ts';
import { hashInvite } from './invites.ts';
import { createPasswordCheck, type PasswordAttempts } from './password-check.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { createPasswordRules } from './password-rules.ts';
import { createSessions } from './sessions.ts';
import { createUserIds } from './user-ids.ts';

export interface AccountsServiceDeps {
  store: AccountsStore;
  social: Pick<Social, 'createUser'>;
  announcer: Pick<Announcer, 'announce'>;
  hasher: PasswordHasher;
  attempts: PasswordAttempts;
  pubsub: Pick<PubSub, 'publish' | 'hasSubscribers'>;
  mint: Mint;
  clock: Clock;
  random: Random;
}

type SignUp = Omit<Parameters<Accounts['signUp']>[0], 'device'>;

const SECRET_BYTES = 32;
/** A sign-up that has been pending for longer has lost its request. */
const SIGN_UP_LOST_MS = 60_000;
const SIGN_UPS_PER_STEP = 100;
const WORKER_IDLE_MS = 60_000;

export function createAccountsService(deps: AccountsServiceDeps): { accounts: Accounts; workers: Worker[] } {
  const { store, social, announcer, hasher, attempts, pubsub, mint, clock, random } = deps;
  const sessions = createSessions({ store, pubsub, mint, clock, random });
  const nextUserId = createUserIds(store);
  const passwords = createPasswordCheck({ hasher, attempts });
  const rules = createPasswordRules();

  async function reserve({ handle, password, name, invite, client }: SignUp): Promise<AccountRow> {
    // Refused before the costly hash: that a handle is taken is public anyway.
    const found = await store.byHandle({ handle });
    if (found !== undefined) return sameSignUp(found, password, client);
    const inviteHash = invite === undefined ? undefined : hashInvite(invite);
    await checkMaySignUp(inviteHash);
    const passwordHash = await hasher.hash(password, client);
    const account = { userId: await nextUserId(), handle, name, passwordHash, created: clock.now() };
    const reserved = await store.reserve({ ...account, inviteHash });
    if (reserved === 'reserved') {
      const { created: since } = account;
      return { ...account, state: 'pending', since, moderator: false, oneTimePassword: false };
    }
    if (reserved !== 'taken') throw signUpRefused(reserved);
    const rival = await store.byHandle({ handle });
    if (rival === undefined) throw handleTaken();
    return sameSignUp(rival, password, client);
  }

  async function checkMaySignUp(inviteHash: string | undefined): Promise<void> {
    const mode = await store.signUpMode();
    if (mode === 'closed') throw signUpRefused('closed');
    if (mode === 'open') return;
    const holds =
      inviteHash !== undefined && (await store.inviteHolds({ codeHash: inviteHash, now: clock.now() }));
    if (!holds) throw signUpRefused('no_invite');
  }

  /** A pending account belongs to the client who knows its password: it is the same sign-up, tried again. */
  async function sameSignUp(found: AccountRow, password: string, client: Client): Promise<AccountRow> {
    const { handle: account, passwordHash: hash } = found;
    const same = found.state === 'pending' && (await passwords.matches({ password, hash, account, client }));
    if (!same) throw handleTaken();
    return found;
  }

  async function introduce({ userId, handle, name, created }: AccountRow): Promise<void> {
    await social.createUser({ userId, handle, name, time: created });
  }

  async function ownAccount(userId: UserId): Promise<AccountRow> {
    const account = await store.byId({ userId });
    if (account === undefined) throw new WarbleError('not_found', 'There is no such account.');
    return account;
  }

  /** Counts wrong passwords, so that a stolen token does not help to guess the password. */
  async function confirmPassword(
    account: AccountRow,
    { password, client, pointer }: { password: string; client: Client; pointer: Pointer },
  ): Promise<void> {
    const matches = await passwords.matches({
      password,
      hash: hashOf(account),
      // No handle begins like this, so these attempts are counted separately from sign-ins.
      account: `#${account.userId}`,
      // A token may be used from anywhere, so the site of the request says nothing.
      client: { ...client, site: null },
    });
    if (account.state === 'active' && matches) return;
    throw new WarbleError('forbidden', 'The current password is wrong.', {
      errors: [{ pointer, detail: 'is not the current password' }],
    });
  }

  const accounts: Accounts = {
    async signUp({ device, ...request }) {
      const { handle, password } = request;
      checkHandle(handle);
      await rules.checkNew(password, handle, '#/password');
      const account = await reserve(request);
      await introduce(account);
      const signedIn = await sessions.open(account, device);
      if (signedIn === undefined) throw handleTaken();
      return signedIn;
    },

    async logIn({ handle, password, device, client }) {
      const account = await store.byHandle({ handle });
      const hash = hashOf(account);
      const matches = await passwords.matches({ password, hash, account: handle, client });
      if (account === undefined || !matches) throw wrongCredentials(account?.userId);
      if (account.state === 'suspended') {
        throw new WarbleError('forbidden', 'This account is suspended; ask those who run this server.', {
          log: { accountId: account.userId },
        });
      }
      if (account.state === 'pending') await introduce(account);
      const signedIn = await sessions.open(account, device);
      if (signedIn === undefined) throw wrongCredentials(account.userId);
      return signedIn;
    },

    logOut: (session) => accounts.endSession(session),
    authenticate: (token) => sessions.authenticate(token),

    async changePassword({ session, current, next, client }) {
      const account = await ownAccount(session.userId);
      // Checked before anything is hashed, whether or not the current password is right.
      await rules.checkNew(next, account.handle, '#/new');
      await confirmPassword(account, { password: current, client, pointer: '#/current' });
      const to = await hasher.hash(next, client);
      const { userId, passwordHash: from } = account;
      const keepSession = Number(session.sessionId);
      const noticeId = mint({ owner: userId, kind: 'account' });
      if (!(await store.changePassword({ userId, from, to, keepSession, noticeId }))) {
        throw new WarbleError('forbidden', 'The password was changed meanwhile; try again with the new one.');
      }
      pubsub.publish(userId, { type: 'notification', id: noticeId });
    },

    async account({ userId }) {
      const { handle, created, moderator } = await ownAccount(userId);
      return { userId, handle, created, moderator };
    },
    notices: (request) => store.notices(request),
    sessions: (session) => sessions.list(session),
    endSession: ({ userId, sessionId }) => store.endSession({ userId, sessionId: Number(sessionId) }),
    activeSessions: (request) => sessions.activeSessions(request.sessions),

    async remove({ session, password, client }) {
      const account = await ownAccount(session.userId);
      await confirmPassword(account, { password, client, pointer: '#/password' });
      const { userId } = account;
      const time = clock.now();
      // The intent is written first: if the next line fails or the process dies, the erasure worker does the rest.
      const removed = await store.setState({ userId, from: ['active'], to: 'erasing', time, audit: null });
      if (!removed && (await store.byId({ userId }))?.state === 'suspended') {
        throw new WarbleError('unauthenticated', 'This account is no longer active.');
      }
      try {
        await announcer.announce(userId);
      } catch (cause) {
        if (!isWarbleError(cause)) throw cause;
        throw new WarbleError(
          'unavailable',
          'You are signed out; the account will be deleted as soon as possible.',
          {
            cause,
          },
        );
      }
    },

    secret: (name) => store.secret({ name, fresh: random.bytes(SECRET_BYTES) }),
  };

  const signUps: Worker = {
    name: 'sign-ups',
    idle_ms: WORKER_IDLE_MS,
    async step() {
      const before = clock.now() - SIGN_UP_LOST_MS;
      const lost = await store.unfinished({ state: 'pending', before, after: 0, limit: SIGN_UPS_PER_STEP });
      for (const account of lost) {
        await introduce(account);
        await store.activate({ userId: account.userId, time: clock.now() });
      }
      return lost.length === SIGN_UPS_PER_STEP;
    },
  };
  return { accounts, workers: [signUps, ...sessions.workers] };
}

/** The same answer for every reason; the log says which account was meant, if there is one. */
function wrongCredentials(accountId: UserId | undefined): WarbleError {
  const log = accountId === undefined ? {} : { log: { accountId } };
  return new WarbleError('unauthenticated', 'The handle or the password is wrong.', log);
}

function signUpRefused(why: Extract<Reserved, 'closed' | 'no_invite'>): WarbleError {
  if (why === 'closed') {
    return new WarbleError('sign_up_closed', 'This server takes no new accounts; ask those who run it.');
  }
  return new WarbleError(
    'invalid_invite',
    'Signing up here needs an invite. This code is missing, unknown, used up or expired; ask for another one.',
    { errors: [{ pointer: '#/invite', detail: 'must be a code that can still be used' }] },
  );
}

/** null where there is no account, or an erased one, which has no password any more. */
function hashOf(account: AccountRow | undefined): string | null {
  return account === undefined || account.passwordHash === '' ? null : account.passwordHash;
}
