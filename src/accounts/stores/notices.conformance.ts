/** What every store of accounts must do about notices, with two handles open on one backend. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eachWithTwoHandles } from '#platform/two-handles.ts';
import { MAX_KNOWN_DEVICES, MAX_NOTICES, type OpenedAccountsStore } from '../accounts-store.ts';
import type { AccountsBackend } from './accounts-store.conformance.ts';
import { entry } from './administration.conformance.ts';

export function describeAccountNotices(name: string, fresh: () => Promise<AccountsBackend>): void {
  describe(`accounts store of notices ${name}`, () => {
    let one: OpenedAccountsStore;
    let two: OpenedAccountsStore;
    eachWithTwoHandles(fresh, (opened) => {
      ({ one, two } = opened);
    });

    const signIn = (userId: number, sessionId: number, device: string, passwordHash = 'hash') =>
      one.accounts.openSession({
        session: { sessionId, userId, tokenHash: `token${sessionId}`, created: 2_000, device },
        passwordHash,
        maxSessions: 100,
      });
    const signUp = async (userId: number, sessionId: number, device: string) => {
      const account = { userId, handle: `p${userId}`, name: '', passwordHash: 'hash', created: 1_000 };
      await one.accounts.reserve(account);
      assert.equal(await signIn(userId, sessionId, device), true);
    };
    const noticesOf = async (userId: number, after = 0) =>
      (await two.accounts.notices({ userId, after })).map(({ id, type }) => `${type} ${id}`);

    test('a sign-in from a new device gives a notice with the id of its session; the sign-up gives none', async () => {
      await signUp(1, 10, 'curl/8');
      await signUp(2, 20, 'curl/8');
      assert.deepEqual(await noticesOf(1), []);
      await signIn(1, 11, 'Firefox/140.0');
      await signIn(1, 12, 'Firefox/140.0');
      await signIn(1, 13, '');
      await signIn(1, 14, '');
      assert.deepEqual(await noticesOf(1), ['signIn 13', 'signIn 11']);
      assert.deepEqual(await noticesOf(1, 11), ['signIn 13']);
      assert.deepEqual(await noticesOf(2), []);
    });

    test('a device stays known with other versions, and after its sessions have ended', async () => {
      await signUp(1, 10, 'curl/8.1.2');
      await two.accounts.endSession({ userId: 1, sessionId: 10 });
      await two.accounts.endSessions({ userId: 1, audit: entry() });
      await signIn(1, 11, 'curl/8.10');
      await signIn(1, 12, 'Wget/1.2');
      assert.deepEqual(await noticesOf(1), ['signIn 12']);
    });

    test('a refused sign-in gives no notice, and makes no device known', async () => {
      await signUp(1, 10, 'curl/8');
      assert.equal(await signIn(1, 11, 'Wget/1', 'another hash'), false);
      assert.deepEqual(await noticesOf(1), []);
      await signIn(1, 12, 'Wget/1');
      assert.deepEqual(await noticesOf(1), ['signIn 12']);
    });

    test('a new password gives a notice, whoever set it, but only if it was set', async () => {
      await signUp(1, 10, 'curl/8');
      const change = { userId: 1, from: 'hash', to: 'chosen', keepSession: 10, noticeId: 20 };
      await two.accounts.changePassword(change);
      await two.accounts.changePassword({ ...change, noticeId: 21 });
      assert.deepEqual(await noticesOf(1), ['passwordChanged 20']);
      const reset = { passwordHash: 'once', until: 9_000 };
      await two.accounts.resetPassword({ ...reset, userId: 1, audit: entry({ id: 30 }) });
      await two.accounts.resetPassword({ ...reset, userId: 2, audit: entry({ id: 31 }) });
      assert.deepEqual(await noticesOf(1), ['passwordChanged 30', 'passwordChanged 20']);
      assert.deepEqual(await noticesOf(2), []);
    });

    test('the newest notices of a user and the last used devices are kept', async () => {
      const device = (n: number) =>
        `device ${String.fromCharCode(0x41 + (n % 26), 0x41 + Math.floor(n / 26))}`;
      await signUp(1, 1_000, device(0));
      await signUp(2, 999, 'curl/8');
      await signIn(2, 998, 'Wget/1');
      for (let n = 1; n < MAX_KNOWN_DEVICES; n++) await signIn(1, 1_000 + n, device(n));
      await signIn(1, 1_100, device(0));
      assert.equal((await noticesOf(1)).length, MAX_KNOWN_DEVICES - 1);
      // With one more, the least recently used device is dropped, and is new when it comes again.
      await signIn(1, 1_101, device(MAX_KNOWN_DEVICES));
      await signIn(1, 1_102, device(0));
      await signIn(1, 1_103, device(1));
      assert.deepEqual(await noticesOf(1, 1_100), ['signIn 1103', 'signIn 1101']);

      for (let n = 0; n < MAX_NOTICES; n++) {
        const change = { userId: 1, from: n === 0 ? 'hash' : `hash${n}`, to: `hash${n + 1}`, keepSession: 0 };
        await two.accounts.changePassword({ ...change, noticeId: 2_000 + n });
      }
      const kept = await noticesOf(1);
      assert.equal(kept.length, MAX_NOTICES);
      assert.deepEqual([kept[0], kept.at(-1)], ['passwordChanged 2099', 'passwordChanged 2000']);
      assert.deepEqual(await noticesOf(2), ['signIn 998']);
    });

    test('an account that is to be erased loses its notices at once, and no other account does', async () => {
      await signUp(1, 10, 'curl/8');
      await signUp(2, 20, 'curl/8');
      await signIn(1, 11, 'Wget/1');
      await signIn(2, 21, 'Wget/1');
      await one.accounts.erase({ userId: 1, time: 6_000 });
      assert.deepEqual(await noticesOf(1), ['signIn 11'], 'only what is erasing is erased');
      const step = { userId: 1, time: 5_000, audit: null };
      await one.accounts.setState({ ...step, from: ['active'], to: 'suspended' });
      assert.deepEqual(await noticesOf(1), ['signIn 11']);
      await one.accounts.setState({ ...step, from: ['suspended'], to: 'erasing' });
      assert.deepEqual(await noticesOf(1), []);
      // Written by a request that was admitted before.
      await two.accounts.changePassword({ userId: 1, from: 'hash', to: 'x', keepSession: 10, noticeId: 30 });
      await one.accounts.erase({ userId: 1, time: 6_000 });
      assert.deepEqual(await noticesOf(1), []);
      assert.deepEqual(await noticesOf(2), ['signIn 21']);
    });
  });
}
