/** What every store of accounts must do, run with two handles open on one backend, as two processes would have. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eachWithTwoHandles } from '#platform/two-handles.ts';
import type { NewAccount } from '../account-row.ts';
import type { NewSession, OpenedAccountsStore } from '../accounts-store.ts';
import { describeAdministrationStore, entry } from './administration.conformance.ts';
import { describeAccountNotices } from './notices.conformance.ts';

export interface AccountsBackend {
  /** Opens one more handle on the same backend, which is empty at first. */
  open(): Promise<OpenedAccountsStore>;
  /** Closes all handles and deletes everything. */
  dispose(): Promise<void>;
}

function account(userId: number, fields: Partial<NewAccount> = {}): NewAccount {
  return {
    userId,
    handle: `User${userId}`,
    name: '',
    passwordHash: `hash${userId}`,
    created: 1_000,
    ...fields,
  };
}
function session(sessionId: number, userId: number, created = 2_000): NewSession {
  return { sessionId, userId, tokenHash: `token${sessionId}`, created, device: 'curl/8' };
}

export function describeAccountsStore(name: string, fresh: () => Promise<AccountsBackend>): void {
  describeAdministrationStore(name, fresh);
  describeAccountNotices(name, fresh);
  describe(`accounts store ${name}`, () => {
    let one: OpenedAccountsStore;
    let two: OpenedAccountsStore;
    eachWithTwoHandles(fresh, (opened) => {
      ({ one, two } = opened);
    });

    const signUp = async (userId: number, sessionId = userId * 10) => {
      await one.accounts.reserve(account(userId));
      const opened = { session: session(sessionId, userId), passwordHash: `hash${userId}`, maxSessions: 100 };
      assert.equal(await one.accounts.openSession(opened), true);
    };
    const idsOf = async (userId: number) =>
      (await two.accounts.sessionsOf({ userId })).map(({ sessionId }) => sessionId);

    test('user ids are handed out once, through whatever handle', async () => {
      const blocks = await Promise.all(
        [one, two, one, two].map(({ accounts }) => accounts.allocateUserIds({ count: 64 })),
      );
      assert.deepEqual(
        blocks.map(({ first }) => first).sort((a, b) => a - b),
        [1, 65, 129, 193],
      );
    });

    test('of two concurrent reservations of one handle, in whatever case, one succeeds', async () => {
      const got = await Promise.all([
        one.accounts.reserve(account(1, { handle: 'Ann' })),
        two.accounts.reserve(account(2, { handle: 'aNN' })),
      ]);
      assert.deepEqual(got.sort(), ['reserved', 'taken']);
      const winner = await two.accounts.byHandle({ handle: 'ANN' });
      assert.deepEqual(await one.accounts.byId({ userId: winner!.userId }), winner);
      assert.equal(await one.accounts.byId({ userId: winner!.userId === 1 ? 2 : 1 }), undefined);
    });

    test('an account begins pending and becomes active with its first session', async () => {
      await one.accounts.reserve(account(1));
      assert.equal((await two.accounts.byId({ userId: 1 }))?.state, 'pending');
      await two.accounts.openSession({ session: session(10, 1), passwordHash: 'hash1', maxSessions: 100 });
      const row = await one.accounts.byId({ userId: 1 });
      assert.deepEqual([row?.state, row?.since, row?.created], ['active', 2_000, 1_000]);
      assert.deepEqual(
        { ...(await one.accounts.sessionByToken({ tokenHash: 'token10' })) },
        {
          ...session(10, 1),
          lastUsed: 2_000,
        },
      );
    });

    test('activating changes pending accounts only', async () => {
      await one.accounts.reserve(account(1));
      await two.accounts.activate({ userId: 1, time: 3_000 });
      await two.accounts.activate({ userId: 1, time: 9_000 });
      const row = await one.accounts.byId({ userId: 1 });
      assert.deepEqual([row?.state, row?.since], ['active', 3_000]);
    });

    test('unfinished accounts are listed by state and age, in the order of their ids', async () => {
      for (const userId of [3, 1, 2])
        await one.accounts.reserve(account(userId, { created: userId * 1_000 }));
      const list = (before: number, after = 0, limit = 10) =>
        two.accounts.unfinished({ state: 'pending', before, after, limit });
      assert.deepEqual(
        (await list(3_000)).map(({ userId }) => userId),
        [1, 2],
      );
      assert.deepEqual(
        (await list(9_000, 1, 1)).map(({ userId }) => userId),
        [2],
      );
      await one.accounts.activate({ userId: 2, time: 1 });
      assert.deepEqual(
        (await list(9_000)).map(({ userId }) => userId),
        [1, 3],
      );
      assert.deepEqual(
        await two.accounts.unfinished({ state: 'erasing', before: 9_000, after: 0, limit: 10 }),
        [],
      );
    });

    test('no session is opened with a password that was changed meanwhile', async () => {
      await signUp(1);
      const change = { userId: 1, from: 'hash1', to: 'new hash', keepSession: 10, noticeId: 20 };
      assert.equal(await two.accounts.changePassword(change), true);
      assert.equal(
        await one.accounts.openSession({ session: session(11, 1), passwordHash: 'hash1', maxSessions: 9 }),
        false,
      );
      assert.equal(await one.accounts.changePassword(change), false);
      assert.equal(
        await one.accounts.openSession({ session: session(12, 1), passwordHash: 'new hash', maxSessions: 9 }),
        true,
      );
    });

    test('a new password ends every session but the one that set it', async () => {
      await signUp(1);
      await signUp(2);
      await one.accounts.openSession({ session: session(11, 1), passwordHash: 'hash1', maxSessions: 100 });
      await two.accounts.changePassword({ userId: 1, from: 'hash1', to: 'x', keepSession: 11, noticeId: 30 });
      assert.deepEqual(await idsOf(1), [11]);
      assert.deepEqual(await idsOf(2), [20]);
      assert.equal(await one.accounts.sessionByToken({ tokenHash: 'token10' }), undefined);
    });

    test('beyond the bound, the least recently used sessions end', async () => {
      await signUp(1, 10);
      for (const [id, created] of [
        [11, 3_000],
        [12, 4_000],
      ] as const) {
        await one.accounts.openSession({
          session: session(id, 1, created),
          passwordHash: 'hash1',
          maxSessions: 3,
        });
      }
      await two.accounts.touch({ sessions: [{ tokenHash: 'token10', lastUsed: 9_000 }] });
      // With a clock that was set back the new session seems the oldest, but stays.
      await one.accounts.openSession({ session: session(13, 1, 1), passwordHash: 'hash1', maxSessions: 3 });
      assert.deepEqual(await idsOf(1), [10, 12, 13]);
    });

    test('leaving the active state ends all sessions, with the audit entry, in one step', async () => {
      await signUp(1);
      const audit = entry({ action: 'account.suspended', userId: 1, detail: 'spam' });
      const suspend = { userId: 1, from: ['active'], to: 'suspended', time: 5_000, audit } as const;
      assert.equal(await two.accounts.setState(suspend), true);
      assert.equal(await two.accounts.setState(suspend), false);
      assert.equal(await one.accounts.sessionByToken({ tokenHash: 'token10' }), undefined);
      assert.deepEqual(await one.accounts.activeSessions({ sessionIds: [10] }), []);
      assert.equal(
        await one.accounts.openSession({ session: session(11, 1), passwordHash: 'hash1', maxSessions: 9 }),
        false,
      );
      const [written] = await one.audit.list({ before: null, limit: 10 });
      assert.deepEqual({ ...written }, audit);
    });

    test('erasing overwrites name and password, and the handle stays taken', async () => {
      await signUp(1);
      await one.accounts.erase({ userId: 1, time: 6_000 });
      assert.equal(
        (await two.accounts.byId({ userId: 1 }))?.state,
        'active',
        'only what is erasing is erased',
      );
      await one.accounts.setState({ userId: 1, from: ['active'], to: 'erasing', time: 5_000, audit: null });
      await two.accounts.erase({ userId: 1, time: 6_000 });
      const row = await one.accounts.byHandle({ handle: 'user1' });
      assert.deepEqual([row?.state, row?.name, row?.passwordHash], ['erased', '', '']);
      assert.equal(await one.accounts.reserve(account(2, { handle: 'USER1' })), 'taken');
    });

    test('sessions are listed by their last use, which never goes back', async () => {
      await signUp(1, 10);
      await one.accounts.openSession({
        session: session(11, 1, 3_000),
        passwordHash: 'hash1',
        maxSessions: 9,
      });
      await two.accounts.touch({ sessions: [{ tokenHash: 'token10', lastUsed: 5_000 }] });
      await two.accounts.touch({
        sessions: [
          { tokenHash: 'token10', lastUsed: 4_000 },
          { tokenHash: 'gone', lastUsed: 1 },
        ],
      });
      const listed = await one.accounts.sessionsOf({ userId: 1 });
      assert.deepEqual(
        listed.map(({ sessionId, lastUsed }) => [sessionId, lastUsed]),
        [
          [10, 5_000],
          [11, 3_000],
        ],
      );
    });

    test('users can end their own sessions only', async () => {
      await signUp(1);
      await signUp(2);
      await two.accounts.endSession({ userId: 2, sessionId: 10 });
      assert.deepEqual(await one.accounts.activeSessions({ sessionIds: [10, 20, 30] }), [10, 20]);
      await two.accounts.endSession({ userId: 1, sessionId: 10 });
      await two.accounts.endSession({ userId: 1, sessionId: 10 });
      assert.deepEqual(await one.accounts.activeSessions({ sessionIds: [10, 20] }), [20]);
    });

    test('idle and old sessions end, some at a time', async () => {
      await signUp(1);
      await signUp(2);
      await signUp(3);
      await one.accounts.touch({ sessions: [{ tokenHash: 'token20', lastUsed: 7_000 }] });
      const idle = { usedBefore: 2_000, begunBefore: 0 };
      assert.equal(await two.accounts.dropEnded({ ...idle, limit: 1 }), true);
      assert.equal(await two.accounts.dropEnded({ ...idle, limit: 2 }), false);
      assert.deepEqual(await one.accounts.activeSessions({ sessionIds: [10, 20, 30] }), [20]);
      const [row] = await one.accounts.sessionsOf({ userId: 2 });
      const old = { usedBefore: 0, limit: 2 };
      await two.accounts.dropEnded({ ...old, begunBefore: row!.created - 1 });
      assert.deepEqual(await one.accounts.activeSessions({ sessionIds: [20] }), [20]);
      await two.accounts.dropEnded({ ...old, begunBefore: row!.created });
      assert.deepEqual(await one.accounts.activeSessions({ sessionIds: [20] }), []);
    });

    test('a secret is created once, through whatever handle', async () => {
      const [a, b] = await Promise.all([
        one.accounts.secret({ name: 'cursors', fresh: Buffer.from('a') }),
        two.accounts.secret({ name: 'cursors', fresh: Buffer.from('b') }),
      ]);
      assert.deepEqual(a, b);
      assert.deepEqual(
        await two.accounts.secret({ name: 'other', fresh: Buffer.from('c') }),
        Buffer.from('c'),
      );
    });

    test('the audit log is read newest first, in pages', async () => {
      for (const time of [1, 2, 3]) {
        await (time === 2 ? two : one).audit.record(entry({ id: time, time }));
      }
      const page = await two.audit.list({ before: null, limit: 2 });
      assert.deepEqual(
        page.map(({ time }) => time),
        [3, 2],
      );
      const rest = await one.audit.list({ before: page[1]!.id, limit: 2 });
      assert.deepEqual(
        rest.map(({ time }) => time),
        [1],
      );
    });
  });
}
