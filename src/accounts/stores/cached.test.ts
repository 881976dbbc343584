import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createSeededRandom } from '#platform/random.ts';
import { createInThreadDisk } from '#platform/sqlite/in-thread-disk.ts';
import { openGatewayDb } from '#system/gateway-db.ts';
import type { AccountsStore } from '../accounts-store.ts';
import { entry } from './administration.conformance.ts';
import { createCachedAccountsStore } from './cached.ts';
import { createSqliteAccountsStore } from './sqlite.ts';

/** A store that is the sole owner of its file, without a cache. */
function openPlain(t: TestContext): AccountsStore {
  const directory = mkdtempSync(join(tmpdir(), 'warble-accounts-'));
  const { db } = openGatewayDb({ path: join(directory, 'gateway.db'), disk: createInThreadDisk() });
  t.after(async () => {
    await db.close();
    rmSync(directory, { recursive: true });
  });
  return createSqliteAccountsStore(db);
}

const USERS = [1, 2, 3];
const STEPS = 300;

/** Everything that the store can do with the sessions of three users, interleaved. */
function createActs(store: AccountsStore, integer: (below: number) => number) {
  const tokens: { userId: number; sessionId: number; tokenHash: string }[] = [];
  const hashes = new Map(USERS.map((userId) => [userId, `hash${userId}`]));
  const anybody = () => USERS[integer(USERS.length)]!;
  const anyToken = () => tokens[integer(tokens.length)] ?? { userId: 1, sessionId: 0, tokenHash: '' };
  let time = 1_000;

  const acts: (() => Promise<unknown>)[] = [
    () => {
      const userId = anybody();
      const sessionId = tokens.length + 1;
      tokens.push({ userId, sessionId, tokenHash: `token${sessionId}` });
      const session = { ...tokens.at(-1)!, created: time, device: '' };
      return store.openSession({ session, passwordHash: hashes.get(userId)!, maxSessions: 3 });
    },
    () => {
      const { userId, sessionId } = anyToken();
      const from = hashes.get(userId)!;
      hashes.set(userId, `${time}`);
      return store.changePassword({ userId, from, to: `${time}`, keepSession: sessionId, noticeId: time });
    },
    () => store.setState({ userId: anybody(), from: ['active'], to: 'suspended', time, audit: null }),
    () => store.setState({ userId: anybody(), from: ['suspended'], to: 'active', time, audit: null }),
    () => {
      const userId = anybody();
      hashes.set(userId, `${time}`);
      return store.resetPassword({ userId, passwordHash: `${time}`, until: time + 90, audit: entry() });
    },
    () => store.endSessions({ userId: anybody(), audit: entry() }),
    () => store.endSession(anyToken()),
    () => store.touch({ sessions: [{ ...anyToken(), lastUsed: time }] }),
    () => store.dropEnded({ usedBefore: time - 60, begunBefore: time - 300, limit: 2 }),
  ];
  return {
    tokens,
    async next(): Promise<string> {
      time += 10;
      // Sessions begin as often as they end, which they do in nine ways.
      const at = integer(2) === 0 ? 0 : integer(acts.length);
      await acts[at]!();
      return `act ${at} at ${time}`;
    },
  };
}

test('a cached session is always up to date, whatever changes it', async (t) => {
  const plain = openPlain(t);
  const cached = createCachedAccountsStore({ store: plain });
  const { integer } = createSeededRandom(11);
  for (const userId of USERS) {
    const account = { userId, handle: `user${userId}`, name: '', passwordHash: `hash${userId}`, created: 1 };
    await cached.reserve(account);
  }
  const { tokens, next } = createActs(cached, integer);
  let held = 0;
  for (let step = 0; step < STEPS; step++) {
    const act = await next();
    for (const { tokenHash } of tokens) {
      const known = await cached.sessionByToken({ tokenHash });
      assert.deepEqual(known, await plain.sessionByToken({ tokenHash }), `${tokenHash} after ${act}`);
      if (known !== undefined) held += 1;
    }
  }
  assert.ok(held > STEPS, 'there were sessions all the time');
});

test('a session is read once for any number of requests with its token', async (t) => {
  const store = openPlain(t);
  let reads = 0;
  const cached = createCachedAccountsStore({
    store: {
      ...store,
      sessionByToken(request) {
        reads += 1;
        return store.sessionByToken(request);
      },
    },
  });
  await cached.reserve({ userId: 1, handle: 'ann', name: '', passwordHash: 'h', created: 1 });
  const session = { sessionId: 10, userId: 1, tokenHash: 't', created: 1, device: '' };
  await cached.openSession({ session, passwordHash: 'h', maxSessions: 9 });
  for (let time = 0; time < 3; time++) await cached.sessionByToken({ tokenHash: 't' });
  assert.equal(reads, 1);
});

test('a session that ends while it is read from the store is not kept in memory', async (t) => {
  const store = openPlain(t);
  await store.reserve({ userId: 1, handle: 'ann', name: '', passwordHash: 'h', created: 1 });
  const session = { sessionId: 10, userId: 1, tokenHash: 't', created: 1, device: '' };
  await store.openSession({ session, passwordHash: 'h', maxSessions: 9 });
  let goOn = () => {};
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const slow: AccountsStore = {
    ...store,
    async sessionByToken(request) {
      const row = await store.sessionByToken(request);
      await held;
      return row;
    },
  };
  const cached = createCachedAccountsStore({ store: slow });
  const reading = cached.sessionByToken({ tokenHash: 't' });
  await cached.endSession({ userId: 1, sessionId: 10 });
  goOn();
  assert.equal((await reading)?.sessionId, 10, 'it was read before it ended');
  assert.equal(await cached.sessionByToken({ tokenHash: 't' }), undefined);
});
