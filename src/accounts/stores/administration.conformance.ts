/** What every store of accounts must do for administration, with two handles open on one backend. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eachWithTwoHandles } from '#platform/two-handles.ts';
import type { OpenedAccountsStore } from '../accounts-store.ts';
import type { AccountsQuery } from '../administration-store.ts';
import type { AuditEntry } from '../audit.ts';
import type { AccountsBackend } from './accounts-store.conformance.ts';

let nextEntry = 1;
export function entry(fields: Partial<AuditEntry> = {}): AuditEntry {
  return {
    id: nextEntry++,
    time: 5,
    by: 'root',
    from: 'here',
    action: 'a.b',
    userId: null,
    subject: '',
    detail: 'why',
    ...fields,
  };
}

const EVERYBODY: AccountsQuery = { state: null, moderators: false, handlePrefix: '', after: 0, looksAt: 10 };
const OPEN = { maxSessions: 100 };

export function describeAdministrationStore(name: string, fresh: () => Promise<AccountsBackend>): void {
  describe(`accounts store for administration ${name}`, () => {
    let one: OpenedAccountsStore;
    let two: OpenedAccountsStore;
    eachWithTwoHandles(fresh, (opened) => {
      ({ one, two } = opened);
    });

    const reserve = (userId: number, handle = `User${userId}`, inviteHash?: string) =>
      one.accounts.reserve({
        userId,
        handle,
        name: '',
        passwordHash: `hash${userId}`,
        created: 1_000,
        inviteHash,
      });
    const openSession = (userId: number, sessionId: number, passwordHash: string, created = 2_000) =>
      one.accounts.openSession({
        session: { sessionId, userId, tokenHash: `token${sessionId}`, created, device: '' },
        passwordHash,
        ...OPEN,
      });
    const signUp = async (userId: number, handle?: string) => {
      await reserve(userId, handle);
      assert.equal(await openSession(userId, userId * 10, `hash${userId}`), true);
    };
    const actions = async () =>
      (await two.audit.list({ before: null, limit: 100 })).map(({ action }) => action);

    test('accounts are listed in the order of their ids, by state, handle and role', async () => {
      for (const [id, handle] of [
        [3, 'Bert'],
        [1, 'Ann'],
        [2, 'anna'],
      ] as const) {
        await signUp(id, handle);
      }
      await one.accounts.setState({ userId: 2, from: ['active'], to: 'suspended', time: 1, audit: null });
      await one.accounts.setModerator({ userId: 3, moderator: true, audit: entry() });
      const list = async (query: Partial<AccountsQuery>) =>
        (await two.accounts.accounts({ ...EVERYBODY, ...query })).accounts.map(({ userId }) => userId);
      assert.deepEqual(await list({}), [1, 2, 3]);
      assert.deepEqual(await list({ after: 1, looksAt: 1 }), [2]);
      const short = await two.accounts.accounts({ ...EVERYBODY, state: 'suspended', looksAt: 1 });
      assert.deepEqual([short.accounts, short.next], [[], 1], 'others are looked at, and it goes on');
      assert.equal((await two.accounts.accounts(EVERYBODY)).next, null);
      assert.deepEqual(await list({ state: 'suspended' }), [2]);
      assert.deepEqual(await list({ handlePrefix: 'aNN' }), [1, 2]);
      assert.deepEqual(await list({ handlePrefix: '_' }), [], 'no pattern');
      assert.deepEqual(await list({ moderators: true }), [3]);
      assert.deepEqual(await list({ moderators: true, state: 'suspended' }), []);
    });

    test('a handle never changes hands: a former one stays reserved for its owner, who may take it back', async () => {
      await signUp(1, 'Ann');
      await signUp(2, 'Bob');
      const change = (userId: number, handle: string, time: number) =>
        two.accounts.changeHandle({ userId, handle, time, audit: entry({ action: 'handle.changed' }) });
      assert.equal(await change(1, 'BOB', 3_000), 'taken');
      assert.equal(await change(9, 'new', 3_000), 'absent');
      assert.equal(await change(1, 'Anna', 3_000), 'changed');
      assert.equal(await change(2, 'ann', 3_000), 'taken', 'what was somebody’s is nobody else’s');
      assert.equal(await reserve(3, 'ann'), 'taken');
      assert.equal((await one.accounts.byHandle({ handle: 'anna' }))?.userId, 1);
      assert.equal(await one.accounts.byHandle({ handle: 'ann' }), undefined);
      assert.equal(await change(1, 'ANN', 4_000), 'changed');
      assert.equal((await one.accounts.byHandle({ handle: 'ann' }))?.handle, 'ANN');
      assert.deepEqual(
        (await two.accounts.handlesOf({ userId: 1 })).map(({ handle, since }) => [handle, since]),
        [
          ['ann', 4_000],
          ['anna', 3_000],
        ],
      );
      assert.deepEqual(await actions(), ['handle.changed', 'handle.changed']);
    });

    test('of two concurrent changes to one handle, one succeeds', async () => {
      await signUp(1);
      await signUp(2);
      const change = (userId: number) => ({ userId, handle: 'wanted', time: 1, audit: entry() });
      const got = await Promise.all([
        one.accounts.changeHandle(change(1)),
        two.accounts.changeHandle(change(2)),
      ]);
      assert.deepEqual(got.sort(), ['changed', 'taken']);
    });

    test('a one-time password ends every session, opens one, and then serves only to choose another', async () => {
      await signUp(1);
      const reset = { userId: 1, passwordHash: 'once', until: 9_000, audit: entry() };
      assert.equal(await two.accounts.resetPassword(reset), true);
      assert.equal(await one.accounts.sessionByToken({ tokenHash: 'token10' }), undefined);
      assert.equal(await openSession(1, 11, 'hash1'), false, 'the old password is gone');
      assert.equal((await one.accounts.byId({ userId: 1 }))?.oneTimePassword, true);
      assert.equal(await openSession(1, 12, 'once'), true);
      assert.equal(await openSession(1, 13, 'once'), false, 'once');
      const change = { userId: 1, from: 'once', to: 'chosen', keepSession: 12, noticeId: 20 };
      assert.equal(await two.accounts.changePassword(change), true);
      assert.equal((await one.accounts.byId({ userId: 1 }))?.oneTimePassword, false);
      assert.equal(await openSession(1, 14, 'chosen'), true);
      assert.equal(await openSession(1, 15, 'chosen'), true);
    });

    test('of two concurrent sign-ins with a one-time password, one succeeds; one after its expiry does not', async () => {
      await signUp(1);
      const reset = (until: number) =>
        two.accounts.resetPassword({ userId: 1, passwordHash: 'once', until, audit: entry() });
      await reset(9_000);
      const session = (sessionId: number) => ({
        session: { sessionId, userId: 1, tokenHash: `t${sessionId}`, created: 2_000, device: '' },
        passwordHash: 'once',
        ...OPEN,
      });
      const opened = await Promise.all([
        one.accounts.openSession(session(20)),
        two.accounts.openSession(session(21)),
      ]);
      assert.deepEqual(opened.sort(), [false, true]);
      await reset(2_000);
      assert.equal(await openSession(1, 22, 'once', 2_000), false, 'it has expired');
    });

    test('all sessions of one account end, and no others', async () => {
      await signUp(1);
      await signUp(2);
      await openSession(1, 11, 'hash1');
      await one.accounts.sessionByToken({ tokenHash: 'token10' });
      assert.equal(await two.accounts.endSessions({ userId: 1, audit: entry() }), 2);
      assert.deepEqual(await one.accounts.activeSessions({ sessionIds: [10, 11, 20] }), [20]);
      assert.equal(await one.accounts.sessionByToken({ tokenHash: 'token10' }), undefined);
    });

    test('the role is kept with the account, until it is taken or the account is erased', async () => {
      await signUp(1);
      const set = (userId: number, moderator: boolean) =>
        two.accounts.setModerator({ userId, moderator, audit: entry() });
      assert.equal(await set(9, true), false);
      assert.equal(await set(1, true), true);
      assert.equal((await one.accounts.byId({ userId: 1 }))?.moderator, true);
      assert.equal(await set(1, false), true);
      assert.equal((await one.accounts.byId({ userId: 1 }))?.moderator, false);
      await set(1, true);
      await one.accounts.setState({ userId: 1, from: ['active'], to: 'erasing', time: 1, audit: null });
      assert.equal(await set(1, false), false, 'what is being erased is not changed');
      await one.accounts.erase({ userId: 1, time: 2 });
      assert.equal((await two.accounts.byId({ userId: 1 }))?.moderator, false);
    });

    test('an account stays unannounced until its present state and handle were announced', async () => {
      await signUp(1);
      assert.deepEqual(await two.accounts.unannounced({ after: 0, limit: 10 }), []);
      await one.accounts.setState({ userId: 1, from: ['active'], to: 'suspended', time: 1, audit: null });
      await one.accounts.announced({ userId: 1, state: 'active', handle: 'User1' });
      assert.deepEqual(await two.accounts.unannounced({ after: 0, limit: 10 }), [1]);
      await one.accounts.announced({ userId: 1, state: 'suspended', handle: 'User1' });
      assert.deepEqual(await two.accounts.unannounced({ after: 0, limit: 10 }), []);
      await one.accounts.changeHandle({ userId: 1, handle: 'new', time: 1, audit: entry() });
      assert.deepEqual(await two.accounts.unannounced({ after: 0, limit: 10 }), [1]);
      assert.deepEqual(await two.accounts.unannounced({ after: 1, limit: 10 }), []);
    });

    test('who may sign up is decided in the step that takes the handle', async () => {
      assert.equal(await two.accounts.signUpMode(), 'open');
      await one.accounts.setSignUpMode({ mode: 'closed', audit: entry({ action: 'sign-up.set' }) });
      assert.equal(await two.accounts.signUpMode(), 'closed');
      assert.equal(await reserve(1), 'closed');
      await one.accounts.setSignUpMode({ mode: 'invite', audit: entry({ action: 'sign-up.set' }) });
      assert.equal(await reserve(1), 'no_invite');
      assert.equal(await one.accounts.byId({ userId: 1 }), undefined);
      await one.accounts.setSignUpMode({ mode: 'open', audit: entry({ action: 'sign-up.set' }) });
      assert.equal(await reserve(1), 'reserved');
      assert.deepEqual(await actions(), ['sign-up.set', 'sign-up.set', 'sign-up.set']);
    });

    test('an invite is good for a number of sign-ups, until it expires or is removed', async () => {
      await one.accounts.setSignUpMode({ mode: 'invite', audit: entry() });
      const add = (inviteId: number, expires: number, usesLeft: number, maxInvites = 10) =>
        one.accounts.addInvite({
          invite: { inviteId, codeHash: `code${inviteId}`, created: 500, expires, usesLeft },
          maxInvites,
          audit: entry(),
        });
      assert.equal(await add(1, 9_000, 1), true);
      assert.equal(await add(2, 1_000, 1), true);
      assert.equal(await add(3, 9_000, 2), true);
      assert.equal(await add(4, 9_000, 1, 3), false, 'no more than that');
      const holds = (codeHash: string) => two.accounts.inviteHolds({ codeHash, now: 1_000 });
      assert.deepEqual(await Promise.all(['code1', 'code2', 'code9'].map(holds)), [true, false, false]);
      assert.equal(await reserve(1, 'a', 'code2'), 'no_invite', 'it has expired');
      const raced = await Promise.all([
        one.accounts.reserve({ ...row(1), inviteHash: 'code1' }),
        two.accounts.reserve({ ...row(2), inviteHash: 'code1' }),
      ]);
      assert.deepEqual(raced.sort(), ['no_invite', 'reserved']);
      assert.equal(await reserve(3, 'USER1', 'code3'), 'taken');
      assert.equal(await reserve(5, 'e', 'code3'), 'reserved');
      assert.deepEqual(
        (await two.accounts.invites({ now: 1_000, limit: 10 })).map(({ inviteId, usesLeft }) => [
          inviteId,
          usesLeft,
        ]),
        [[3, 1]],
      );
      assert.equal(await two.accounts.removeInvite({ inviteId: 3, audit: entry() }), true);
      assert.equal(await two.accounts.removeInvite({ inviteId: 3, audit: entry() }), false);
      assert.equal(await reserve(6, 'f', 'code3'), 'no_invite');
    });
  });
}

function row(userId: number) {
  return { userId, handle: `User1${userId === 1 ? '' : 'b'}`, name: '', passwordHash: 'h', created: 1_000 };
}
