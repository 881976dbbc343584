import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { RELATIONSHIP_BIT } from '../social-store.ts';
import { openSocial } from '../testing/fixture.ts';
import { createCachedSocialStore } from './cached.ts';
import { testSocialStore } from './social-store.conformance.ts';
import { openSqliteSocialStore, type SqliteSocialStore } from './sqlite.ts';

// A sole owner has one handle, so both handles of the suite are the same.
testSocialStore('SQLite behind the cache', async () => {
  const sqlite = openSqliteSocialStore({ path: ':memory:' });
  const store = createCachedSocialStore({ store: sqlite });
  return {
    open: async () => ({ ...sqlite, ...store }),
    dispose: () => sqlite.db.close(),
  };
});

// Two processes, of which neither hears of the other's commits: nothing may be kept.
testSocialStore('SQLite behind a cache on each of two handles', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'warble-social-'));
  const opened: SqliteSocialStore[] = [];
  return {
    async open() {
      const sqlite = openSqliteSocialStore({ path: join(directory, 'social.db') });
      opened.push(sqlite);
      return { ...sqlite, ...createCachedSocialStore({ store: sqlite }) };
    },
    async dispose() {
      for (const { db } of opened) await db.close();
      rmSync(directory, { recursive: true });
    },
  };
});

describe('the cache', () => {
  test('keeps nothing from a read that a change overtook', async () => {
    const fixture = await openSocial();
    await fixture.users(1, 2);
    /** An inner store whose answers can be delayed, as by a network. */
    let held: Promise<void> | undefined;
    const late = async <T>(answer: Promise<T>): Promise<T> => {
      const [value] = await Promise.all([answer, held]);
      return value;
    };
    const inner = fixture.sqlite;
    const store = createCachedSocialStore({
      store: {
        ...inner,
        users: (userIds) => late(inner.users(userIds)),
        relationshipBits: (request) => late(inner.relationshipBits(request)),
        blocksAndMutes: (viewer) => late(inner.blocksAndMutes(viewer)),
      },
    });
    const gate = Promise.withResolvers<void>();
    held = gate.promise;
    const stale = Promise.all([
      store.users([1, 2]),
      store.relationshipBits({ viewer: 1, others: [2] }),
      store.blocksAndMutes(2),
    ]);
    await store.change({ users: [], relationships: [{ source: 1, target: 2 }] }, () => ({
      relationships: [
        {
          source: 1,
          target: 2,
          relationship: {
            follow: { id: 5, private: false },
            request: null,
            block: 6,
            mute: null,
            hiddenReposts: null,
          },
        },
      ],
      events: [],
      time: 0,
      result: undefined,
    }));
    gate.resolve();
    held = undefined;
    await stale;
    assert.equal((await store.users([2]))[0]?.counts.followers, 1);
    const bits = RELATIONSHIP_BIT.following | RELATIONSHIP_BIT.blocking;
    assert.deepEqual(await store.relationshipBits({ viewer: 1, others: [2] }), [bits]);
    assert.deepEqual(await store.blocksAndMutes(2), new Map([[1, RELATIONSHIP_BIT.blockedBy]]));
    await fixture.close();
  });

  test('answers from memory without asking the store again', async () => {
    const fixture = await openSocial();
    await fixture.users(1, 2, 3);
    let asked = 0;
    const inner = fixture.sqlite;
    const store = createCachedSocialStore({
      store: {
        ...inner,
        users: (userIds) => {
          asked += 1;
          return inner.users(userIds);
        },
        relationshipBits: (request) => {
          asked += 1;
          return inner.relationshipBits(request);
        },
      },
    });
    for (let round = 0; round < 3; round++) {
      await store.users([3, 1, 2]);
      await store.relationshipBits({ viewer: 1, others: [2, 3] });
    }
    assert.equal(asked, 2);
    await fixture.close();
  });
});
