import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isWarbleError, WarbleError } from '#domain/errors.ts';
import { LIMITS } from '#domain/limits.ts';
import { createSeededRandom } from '#platform/random.ts';
import type { CommitFaults } from '#platform/sqlite/database.ts';
import { createPubSub } from '#queue/pubsub.ts';
import { openGatewayDb } from '#system/gateway-db.ts';
import { createServices } from '#test/support/services.ts';
import type { Client } from './accounts.ts';
import { type AccountsServiceDeps, createAccountsService } from './accounts-service.ts';
import { createAnnouncer } from './announcer.ts';
import { createPasswordHasher } from './password-hasher.ts';
import { CLIENT, UNCOUNTED } from './testing/accounts.ts';

const DAY_MS = 86_400_000;
const ANN = { handle: 'Ann', password: 'a good sentence', name: 'Ann', device: 'curl/8.1', client: CLIENT };

/**
 * Accounts on a real social service, with a cheap password hash. `restart` opens the same file as a new process would.
 */
async function createWorld(t: TestContext, instead: Pick<Partial<AccountsServiceDeps>, 'social'> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'warble-accounts-'));
  const services = createServices();
  const { clock, social, minter } = services;
  const random = createSeededRandom(7);
  const verified: string[] = [];
  const cheap = createPasswordHasher({ random, memory_KiB: 64, passes: 1 });
  const hasher = {
    ...cheap,
    verify(password: string, hash: string, client: Client) {
      verified.push(hash.split('$').slice(0, 4).join('$'));
      return cheap.verify(password, hash, client);
    },
  };
  const { mint } = minter;
  const pubsub = createPubSub();
  function start(faults?: CommitFaults) {
    const { db, accounts: store, audit } = openGatewayDb({ path: join(directory, 'gateway.db'), faults });
    t.after(() => db.close());
    const announcer = createAnnouncer({ store, social });
    const accountDeps = { store, social, announcer, hasher, attempts: UNCOUNTED, pubsub };
    const deps = { ...accountDeps, mint, clock, random, ...instead };
    return { db, store, audit, ...createAccountsService(deps) };
  }
  t.after(() => rmSync(directory, { recursive: true }));
  return { ...services, ...start(), pubsub, start, verified, hasher };
}

const refusedWith = (code: Parameters<typeof isWarbleError>[1]) => (error: unknown) =>
  isWarbleError(error, code);

test('a user who signs up is signed in, and found by their handle', async (t) => {
  const { accounts, social } = await createWorld(t);
  const { userId, token, sessionId } = await accounts.signUp(ANN);
  assert.match(token, /^[A-Za-z0-9_-]{43}$/);
  assert.deepEqual(await accounts.authenticate(token), { userId, sessionId });
  const [found] = await social.lookup({ handles: ['ann'] });
  assert.deepEqual([found?.userId, found?.handle, found?.name], [userId, 'Ann', 'Ann']);
});

test('a handle is unique ignoring case; reserved and malformed handles are refused', async (t) => {
  const { accounts } = await createWorld(t);
  await accounts.signUp(ANN);
  for (const handle of ['ann', 'ANN', 'admin', 'Me']) {
    await assert.rejects(accounts.signUp({ ...ANN, handle }), refusedWith('handle_taken'), handle);
  }
  for (const handle of ['', 'a-b', 'sixteen_letters_', 'añn', 'ann\n', '../x']) {
    await assert.rejects(accounts.signUp({ ...ANN, handle }), refusedWith('invalid_request'), handle);
  }
});

test('of many concurrent sign-ups with one handle, exactly one succeeds', async (t) => {
  const { accounts } = await createWorld(t);
  const tries = await Promise.allSettled(
    ['one secret thing', 'two secret things', 'three secret things'].map((password) =>
      accounts.signUp({ ...ANN, password }),
    ),
  );
  assert.deepEqual(tries.map(({ status }) => status).sort(), ['fulfilled', 'rejected', 'rejected']);
});

test('a wrong password and an unknown handle get the same answer after the same work', async (t) => {
  const { accounts, verified } = await createWorld(t);
  await accounts.signUp(ANN);
  const answers: unknown[] = [];
  for (const handle of ['ann', 'nobody']) {
    await accounts.logIn({ ...ANN, handle, password: 'a wrong sentence' }).catch((error) => {
      answers.push([error.code, error.message, error.errors]);
    });
  }
  assert.equal(answers.length, 2);
  assert.deepEqual(answers[0], answers[1]);
  // The same number of hashes, of the same cost.
  assert.equal(verified.length, 2);
  assert.equal(verified[0], verified[1]);
});

test('signing in works with the handle in any case, and with the right password only', async (t) => {
  const { accounts } = await createWorld(t);
  const { userId } = await accounts.signUp(ANN);
  const again = await accounts.logIn({ ...ANN, handle: 'aNN' });
  assert.deepEqual(await accounts.authenticate(again.token), { userId, sessionId: again.sessionId });
  await assert.rejects(
    accounts.logIn({ ...ANN, password: 'A good sentence' }),
    refusedWith('unauthenticated'),
  );
});

test('a token that was changed, cut or made up is refused', async (t) => {
  const { accounts } = await createWorld(t);
  const { token } = await accounts.signUp(ANN);
  const other = token.startsWith('A') ? `B${token.slice(1)}` : `A${token.slice(1)}`;
  for (const wrong of ['', 'x', token.slice(1), `${token}x`, other, 'x'.repeat(10_000)]) {
    await assert.rejects(accounts.authenticate(wrong), refusedWith('unauthenticated'));
  }
});

test('a session ends after 30 days without use, and each use restarts the period, even across a restart', async (t) => {
  const world = await createWorld(t);
  const { token, expires } = await world.accounts.signUp(ANN);
  assert.equal(expires, world.clock.now() + LIMITS.sessionIdle_ms);
  world.clock.advance(29 * DAY_MS);
  await world.accounts.authenticate(token);
  for (const worker of world.workers) await worker.step();
  const restarted = world.start();
  world.clock.advance(29 * DAY_MS);
  await restarted.accounts.authenticate(token);
  world.clock.advance(30 * DAY_MS);
  await assert.rejects(restarted.accounts.authenticate(token), refusedWith('unauthenticated'));
});

test('a session ends a year after it began, however often it is used, and answers say when', async (t) => {
  const { accounts, clock, workers, store } = await createWorld(t);
  const begun = clock.now();
  const session = await accounts.signUp(ANN);
  const { userId, token } = session;
  const expires = async () => (await accounts.sessions(session)).map((listed) => listed.expires);
  for (let day = 1; day < 365; day++) {
    clock.advance(DAY_MS);
    await accounts.authenticate(token);
    const inAYear = begun + 365 * DAY_MS;
    if (day % 60 === 0 || day > 360) {
      assert.deepEqual(await expires(), [Math.min(clock.now() + LIMITS.sessionIdle_ms, inAYear)]);
    }
  }
  clock.advance(DAY_MS);
  await assert.rejects(accounts.authenticate(token), refusedWith('unauthenticated'));
  assert.deepEqual(await expires(), []);
  const sweep = workers.find(({ name }) => name === 'session-end')!;
  while (await sweep.step());
  assert.deepEqual(await store.sessionsOf({ userId }), []);
});

test('the sweep ends idle sessions and spares those used since their row was written', async (t) => {
  const { accounts, workers, clock, store } = await createWorld(t);
  const { token, userId } = await accounts.signUp(ANN);
  await accounts.logIn(ANN);
  clock.advance(LIMITS.sessionIdle_ms - DAY_MS);
  await accounts.authenticate(token);
  clock.advance(2 * DAY_MS);
  const sweep = workers.find(({ name }) => name === 'session-end')!;
  while (await sweep.step());
  assert.equal((await store.sessionsOf({ userId })).length, 1);
  await accounts.authenticate(token);
});

test('sessions are listed with their device, and ending one takes effect at once', async (t) => {
  const { accounts, clock } = await createWorld(t);
  const first = await accounts.signUp({ ...ANN, device: `Mozilla/5.0\u0000 ${'x'.repeat(500)}` });
  clock.advance(5);
  const second = await accounts.logIn({ ...ANN, device: 'phone' });
  const listed = await accounts.sessions(first);
  assert.deepEqual(
    listed.map(({ id, device, current }) => [id, device.slice(0, 13), device.length, current]),
    [
      [second.sessionId, 'phone', 5, false],
      [first.sessionId, 'Mozilla/5.0 x', 120, true],
    ],
  );
  await accounts.authenticate(second.token);
  await accounts.endSession({ userId: first.userId, sessionId: second.sessionId });
  await assert.rejects(accounts.authenticate(second.token), refusedWith('unauthenticated'));
  assert.deepEqual(await accounts.activeSessions({ sessions: [first, second] }), [first]);
});

test('changing the password needs the current one and ends the other sessions', async (t) => {
  const { accounts } = await createWorld(t);
  const session = await accounts.signUp(ANN);
  const other = await accounts.logIn(ANN);
  const next = 'another good sentence';
  const change = (current: string, chosen: string) =>
    accounts.changePassword({ session, current, next: chosen, client: CLIENT });
  await assert.rejects(change('wrong', next), refusedWith('forbidden'));
  await assert.rejects(change(ANN.password, 'password123'), refusedWith('invalid_request'));
  await change(ANN.password, next);
  await accounts.authenticate(session.token);
  await assert.rejects(accounts.authenticate(other.token), refusedWith('unauthenticated'));
  await assert.rejects(accounts.logIn(ANN), refusedWith('unauthenticated'));
  await accounts.logIn({ ...ANN, password: next });
});

test('connected users hear at once of a new device and a new password, and of nothing else', async (t) => {
  const { accounts, pubsub } = await createWorld(t);
  const session = await accounts.signUp(ANN);
  const { userId } = session;
  const heard: unknown[] = [];
  await accounts.logIn({ ...ANN, device: 'Elsewhere/1' });
  pubsub.subscribe(userId, (event) => heard.push(event));
  await accounts.logIn(ANN);
  await accounts.logIn({ ...ANN, device: 'Elsewhere/2' });
  assert.deepEqual(heard, []);
  const { sessionId } = await accounts.logIn({ ...ANN, device: 'Nowhere/1' });
  const change = { session, current: ANN.password, next: 'another good sentence', client: CLIENT };
  await accounts.changePassword(change);
  await assert.rejects(accounts.changePassword(change), refusedWith('forbidden'));
  const notices = await accounts.notices({ userId, after: 0 });
  assert.deepEqual(
    notices.map(({ type }) => type),
    ['passwordChanged', 'signIn', 'signIn'],
  );
  assert.equal(notices[1]!.id, Number(sessionId));
  const expected = [notices[1]!, notices[0]!].map(({ id }) => ({ type: 'notification', id }));
  assert.deepEqual(heard, expected);
});

test('a sign-up that did not reach the social service continues when it is tried again', async (t) => {
  let down = true;
  const { social } = createServices();
  const { accounts, store } = await createWorld(t, {
    social: {
      ...social,
      async createUser(user) {
        if (down) throw new WarbleError('unavailable', 'down');
        return social.createUser(user);
      },
    },
  });
  await assert.rejects(accounts.signUp(ANN), refusedWith('unavailable'));
  const pending = await store.byHandle({ handle: 'ann' });
  assert.equal(pending?.state, 'pending');
  await assert.rejects(accounts.signUp({ ...ANN, password: 'somebody else' }), refusedWith('handle_taken'));
  down = false;
  const { userId } = await accounts.signUp(ANN);
  assert.equal(userId, pending?.userId);
});

test('signing in also finishes an interrupted sign-up', async (t) => {
  const { accounts, store, social, hasher, clock } = await createWorld(t);
  const passwordHash = await hasher.hash(ANN.password, CLIENT);
  await store.reserve({ userId: 900, handle: 'Ann', name: 'Ann', passwordHash, created: clock.now() });
  const { userId, token } = await accounts.logIn(ANN);
  assert.equal((await accounts.authenticate(token)).userId, userId);
  assert.equal((await social.lookup({ handles: ['ann'] }))[0]?.userId, userId);
});

test('a crash at any commit of a sign-up loses no acknowledged account and locks nobody out', async (t) => {
  for (const line of ['beforeCommit', 'afterCommit'] as const) {
    for (let commit = 1; commit <= 3; commit++) {
      const world = await createWorld(t);
      let commits = 0;
      const { promise: crashed, resolve: crash } = Promise.withResolvers<void>();
      const doomed = world.start({
        [line]() {
          if (++commits !== commit) return;
          doomed.db.crash();
          crash();
          throw new Error('crash');
        },
      });
      // After a crash no request gets an answer.
      await Promise.race([crashed, doomed.accounts.signUp(ANN)]);
      const restarted = world.start();
      const again = await restarted.accounts.signUp(ANN).catch((error) => {
        assert.ok(isWarbleError(error, 'handle_taken'));
        return restarted.accounts.logIn(ANN);
      });
      const [user] = await world.social.lookup({ handles: ['ann'] });
      assert.equal(user?.userId, again.userId, `${line} of commit ${commit}`);
    }
  }
});

test('sign-ups that a crash left pending are finished in the background', async (t) => {
  const { accounts, store, workers, clock, social } = await createWorld(t);
  await store.reserve({ userId: 900, handle: 'Left', name: 'Left', passwordHash: 'x', created: clock.now() });
  const signUps = workers.find(({ name }) => name === 'sign-ups')!;
  await signUps.step();
  assert.equal((await store.byId({ userId: 900 }))?.state, 'pending', 'its request may be alive');
  clock.advance(61_000);
  await signUps.step();
  assert.equal((await accounts.account({ userId: 900 })).handle, 'Left');
  assert.equal((await social.lookup({ handles: ['left'] }))[0]?.userId, 900);
});

test('removing an account needs its password, hides it and signs it out at once, and never frees its handle', async (t) => {
  const { accounts, social } = await createWorld(t);
  const session = await accounts.signUp(ANN);
  await assert.rejects(
    accounts.remove({ session, password: 'wrong sentence', client: CLIENT }),
    refusedWith('forbidden'),
  );
  await accounts.remove({ session, password: ANN.password, client: CLIENT });
  assert.deepEqual(await social.lookup({ handles: ['ann'] }), []);
  await assert.rejects(accounts.authenticate(session.token), refusedWith('unauthenticated'));
  await assert.rejects(accounts.logIn(ANN), refusedWith('unauthenticated'));
  await assert.rejects(accounts.signUp(ANN), refusedWith('handle_taken'));
});

test('no file contains tokens or passwords', async (t) => {
  const { accounts, db } = await createWorld(t);
  const { token } = await accounts.signUp(ANN);
  const kept = JSON.stringify([
    db.prepare('SELECT * FROM accounts').all(),
    db.prepare('SELECT * FROM sessions').all(),
  ]);
  assert.ok(!kept.includes(token) && !kept.includes(ANN.password));
});
