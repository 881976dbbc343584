/** What administration promises of accounts, on a real store and a real social service. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isWarbleError, WarbleError } from '#domain/errors.ts';
import { createSeededRandom } from '#platform/random.ts';
import { createPubSub } from '#queue/pubsub.ts';
import { openGatewayDb } from '#system/gateway-db.ts';
import { createServices } from '#test/support/services.ts';
import { createAccountsService } from './accounts-service.ts';
import { createAdministration } from './administration-service.ts';
import { createAnnouncer } from './announcer.ts';
import { createPasswordHasher } from './password-hasher.ts';
import { CLIENT, UNCOUNTED } from './testing/accounts.ts';

const ANN = { handle: 'Ann', password: 'a good sentence', name: 'Ann', device: 'curl/8.1', client: CLIENT };
const BOB = { ...ANN, handle: 'Bob', name: 'Bob' };
const ROOT = { by: 'root', from: 'socket of a test', reason: 'because' };
const DAY_MS = 86_400_000;

async function createWorld(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'warble-administration-'));
  const services = createServices();
  const { clock, minter } = services;
  const random = createSeededRandom(7);
  const outage = { social: false };
  const social = {
    ...services.social,
    setAccount: async (request: Parameters<typeof services.social.setAccount>[0]) => {
      if (outage.social) throw new WarbleError('unavailable', 'down');
      return services.social.setAccount(request);
    },
  };
  const { db, accounts: store, audit } = openGatewayDb({ path: join(directory, 'gateway.db') });
  const announcer = createAnnouncer({ store, social });
  const during = { verify: async () => {} };
  const fast = createPasswordHasher({ random, memory_KiB: 64, passes: 1 });
  const hasher: typeof fast = {
    ...fast,
    async verify(...request) {
      await during.verify();
      return fast.verify(...request);
    },
  };
  const deps = { store, announcer, hasher, mint: minter.mint, clock, random };
  t.after(async () => {
    await db.close();
    rmSync(directory, { recursive: true });
  });
  const { accounts } = createAccountsService({
    ...deps,
    social,
    attempts: UNCOUNTED,
    pubsub: createPubSub(),
  });
  const administration = createAdministration({ ...deps, audit });
  const written = async () =>
    (await administration.auditLog({ before: null, limit: 100 })).entries.map(
      ({ by, from, action, userId, subject, detail }) => [by, from, action, userId, subject, detail],
    );
  return { ...services, outage, during, db, accounts, administration, announcer, written };
}

const refusedWith = (code: Parameters<typeof isWarbleError>[1]) => (error: unknown) =>
  isWarbleError(error, code);

test('suspending an account signs it out and hides it at once; the audit log says who did it, from where and why', async (t) => {
  const { accounts, administration, social, written } = await createWorld(t);
  const { userId, token } = await accounts.signUp(ANN);
  await administration.suspend({ userId, ...ROOT, reason: 'spam' });
  await administration.suspend({ userId, ...ROOT });
  await assert.rejects(accounts.authenticate(token), refusedWith('unauthenticated'));
  await assert.rejects(accounts.logIn(ANN), refusedWith('forbidden'));
  await assert.rejects(
    accounts.logIn({ ...ANN, password: 'wrong sentence' }),
    refusedWith('unauthenticated'),
  );
  assert.deepEqual(await social.lookup({ handles: ['ann'] }), []);
  await administration.reinstate({ userId, ...ROOT, reason: 'sorry' });
  await accounts.logIn(ANN);
  assert.deepEqual(await written(), [
    ['root', ROOT.from, 'account.reinstated', userId, '', 'sorry'],
    ['root', ROOT.from, 'account.suspended', userId, '', 'spam'],
  ]);
  await assert.rejects(administration.suspend({ userId: 999, ...ROOT }), refusedWith('not_found'));
});

test('nothing is done without a valid reason', async (t) => {
  const { accounts, administration, written } = await createWorld(t);
  const { userId, token } = await accounts.signUp(ANN);
  for (const reason of ['', ' ', 'a\u0007b', 'x'.repeat(501)]) {
    await assert.rejects(administration.suspend({ userId, ...ROOT, reason }), refusedWith('invalid_text'));
  }
  await accounts.authenticate(token);
  assert.deepEqual(await written(), []);
});

test('changes that did not reach the social service are announced later, in their latest state', async (t) => {
  const { accounts, administration, announcer, social, outage } = await createWorld(t);
  const { userId } = await accounts.signUp(ANN);
  outage.social = true;
  await assert.rejects(administration.suspend({ userId, ...ROOT }), refusedWith('unavailable'));
  await assert.rejects(
    administration.changeHandle({ userId, handle: 'anna', ...ROOT }),
    refusedWith('unavailable'),
  );
  await assert.rejects(announcer.worker.step(), refusedWith('unavailable'));
  outage.social = false;
  await announcer.worker.step();
  const [seen] = await social.view({ viewer: null, userIds: [userId] });
  assert.deepEqual([seen?.state, seen?.handle], ['suspended', 'anna']);
});

test('a one-time password signs in once, within a week, and then serves to choose a new password', async (t) => {
  const { accounts, administration, clock, written } = await createWorld(t);
  const { userId, token } = await accounts.signUp(ANN);
  const { password } = await administration.resetPassword({ userId, ...ROOT });
  await assert.rejects(accounts.authenticate(token), refusedWith('unauthenticated'));
  await assert.rejects(accounts.logIn(ANN), refusedWith('unauthenticated'));
  const session = await accounts.logIn({ ...ANN, password });
  await assert.rejects(accounts.logIn({ ...ANN, password }), refusedWith('unauthenticated'));
  assert.equal((await administration.account({ userId })).oneTimePassword, true);
  const next = 'another good sentence';
  await accounts.changePassword({ session, current: password, next, client: CLIENT });
  await accounts.logIn({ ...ANN, password: next });
  assert.ok(!JSON.stringify(await written()).includes(password), 'the audit log does not hold it');

  const late = await administration.resetPassword({ userId, ...ROOT });
  clock.advance(7 * DAY_MS);
  await assert.rejects(accounts.logIn({ ...ANN, password: late.password }), refusedWith('unauthenticated'));
});

test('a changed handle works for signing in and look-ups; nobody else can take the old one', async (t) => {
  const { accounts, administration, social, written } = await createWorld(t);
  const { userId } = await accounts.signUp(ANN);
  await accounts.signUp(BOB);
  const change = (handle: string) => administration.changeHandle({ userId, handle, ...ROOT });
  await assert.rejects(change('bob'), refusedWith('handle_taken'));
  await assert.rejects(change('admin'), refusedWith('handle_taken'));
  await assert.rejects(change('a-b'), refusedWith('invalid_request'));
  await change('Annabel');
  await change('Annabel');
  await accounts.logIn({ ...ANN, handle: 'annabel' });
  await assert.rejects(accounts.logIn(ANN), refusedWith('unauthenticated'));
  assert.equal((await social.lookup({ handles: ['annabel'] }))[0]?.userId, userId);
  assert.deepEqual(await social.lookup({ handles: ['ann'] }), []);
  await assert.rejects(accounts.signUp(ANN), refusedWith('handle_taken'));
  assert.deepEqual((await administration.account({ userId })).handles.map(({ handle }) => handle).sort(), [
    'ann',
    'annabel',
  ]);
  assert.deepEqual(
    (await written()).map(([, , action, , subject]) => [action, subject]),
    [['handle.changed', 'handle Ann -> Annabel']],
  );
});

test('an account that is suspended while its owner removes it is not said to be removed', async (t) => {
  const { accounts, administration, during } = await createWorld(t);
  const session = await accounts.signUp(ANN);
  const { userId } = session;
  during.verify = () => administration.suspend({ userId, ...ROOT });
  const removal = accounts.remove({ session, password: ANN.password, client: CLIENT });
  await assert.rejects(removal, refusedWith('unauthenticated'));
  assert.equal((await administration.account({ userId })).state, 'suspended');
});

test('the role of a moderator is given and taken, and is inactive while the account is suspended', async (t) => {
  const { accounts, administration, written } = await createWorld(t);
  const { userId } = await accounts.signUp(ANN);
  const is = () => administration.isModerator({ userId });
  assert.equal(await is(), false);
  await administration.setModerator({ userId, moderator: true, ...ROOT });
  await administration.setModerator({ userId, moderator: true, ...ROOT });
  assert.equal(await is(), true);
  assert.equal((await accounts.account({ userId })).moderator, true);
  await administration.suspend({ userId, ...ROOT });
  assert.equal(await is(), false);
  await administration.reinstate({ userId, ...ROOT });
  assert.equal(await is(), true);
  await administration.setModerator({ userId, moderator: false, ...ROOT });
  assert.equal(await is(), false);
  assert.deepEqual(
    (await written()).map(([, , action]) => action),
    ['moderator.unmade', 'account.reinstated', 'account.suspended', 'moderator.made'],
  );
});

test('sign-up is open, closed, or by invite', async (t) => {
  const { accounts, administration, clock, db } = await createWorld(t);
  await administration.setSignUpMode({ mode: 'closed', ...ROOT });
  await assert.rejects(accounts.signUp(ANN), refusedWith('sign_up_closed'));
  await administration.setSignUpMode({ mode: 'invite', ...ROOT });
  await assert.rejects(accounts.signUp(ANN), refusedWith('invalid_invite'));
  await assert.rejects(accounts.signUp({ ...ANN, invite: 'made up' }), refusedWith('invalid_invite'));
  const invite = await administration.invite({ uses: 1, valid_ms: DAY_MS, ...ROOT });
  assert.ok(!JSON.stringify(db.prepare('SELECT * FROM invites').all()).includes(invite.code));
  await accounts.signUp({ ...ANN, invite: ` ${invite.code.toUpperCase()}` });
  await assert.rejects(accounts.signUp({ ...BOB, invite: invite.code }), refusedWith('invalid_invite'));
  const late = await administration.invite({ uses: 5, valid_ms: DAY_MS, ...ROOT });
  assert.deepEqual(
    (await administration.invites()).invites.map(({ inviteId }) => inviteId),
    [late.inviteId],
  );
  clock.advance(DAY_MS);
  await assert.rejects(accounts.signUp({ ...BOB, invite: late.code }), refusedWith('invalid_invite'));
  await administration.setSignUpMode({ mode: 'open', ...ROOT });
  await accounts.signUp(BOB);
});

test('a sign-up that used its invite continues when it is tried again, and uses no second one', async (t) => {
  const { accounts, administration, social, db } = await createWorld(t);
  const { code } = await administration.invite({ uses: 1, valid_ms: DAY_MS, ...ROOT });
  await administration.setSignUpMode({ mode: 'invite', ...ROOT });
  await accounts.signUp({ ...ANN, invite: code });
  // As a crash leaves it before the session is opened.
  await db.write(() => db.prepare("UPDATE accounts SET state = 'pending'").run());
  const { userId } = await accounts.signUp({ ...ANN, invite: code });
  assert.equal((await social.lookup({ handles: ['ann'] }))[0]?.userId, userId);
});

test('administrators see what they need of accounts, and no secrets', async (t) => {
  const { accounts, administration } = await createWorld(t);
  const ann = await accounts.signUp(ANN);
  const bob = await accounts.signUp(BOB);
  await administration.suspend({ userId: bob.userId, ...ROOT });
  const list = (fields: object) =>
    administration.accounts({
      state: null,
      moderators: false,
      handlePrefix: '',
      after: 0,
      limit: 10,
      ...fields,
    });
  const all = await list({});
  assert.deepEqual(
    all.accounts.map(({ handle, state }) => [handle, state]),
    [
      ['Ann', 'active'],
      ['Bob', 'suspended'],
    ],
  );
  assert.equal(all.next, null);
  const first = await list({ limit: 1 });
  assert.equal(first.next, ann.userId);
  assert.deepEqual((await list({ limit: 1, after: first.next })).accounts[0]?.handle, 'Bob');
  assert.deepEqual((await list({ state: 'suspended' })).accounts.length, 1);
  const shown = await administration.account({ userId: ann.userId });
  assert.deepEqual([shown.name, shown.sessions.map(({ device }) => device)], ['Ann', ['curl/8.1']]);
  assert.deepEqual(await administration.endSessions({ userId: ann.userId, ...ROOT }), { ended: 1 });
  await assert.rejects(accounts.authenticate(ann.token), refusedWith('unauthenticated'));
  assert.ok(!/argon2|token/i.test(JSON.stringify([shown, all])));
  await assert.rejects(administration.byHandle({ handle: 'nobody' }), refusedWith('not_found'));
});
