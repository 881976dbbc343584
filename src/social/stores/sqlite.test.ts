import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openSocial } from '../testing/fixture.ts';
import { testSocialStore } from './social-store.conformance.ts';
import { BOUNDED_READS } from './sqlite/graph.ts';
import { openSqliteSocialStore } from './sqlite.ts';

function temporary() {
  const directory = mkdtempSync(join(tmpdir(), 'warble-social-'));
  return {
    path: join(directory, 'social.db'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

testSocialStore('SQLite', async () => {
  const { path, remove } = temporary();
  const stores: ReturnType<typeof openSqliteSocialStore>[] = [];
  return {
    async open() {
      const store = openSqliteSocialStore({ path });
      stores.push(store);
      return store;
    },
    async dispose() {
      for (const store of stores) await store.db.close();
      remove();
    },
  };
});

describe('a crash around the commit of a follow', () => {
  for (const moment of ['beforeCommit', 'afterCommit'] as const) {
    test(`${moment}: the follow, both counts and the event are kept together or not at all`, async () => {
      const { path, remove } = temporary();
      let armed = false;
      const first = await openSocial({
        path,
        faults: {
          [moment]() {
            if (!armed) return;
            first.crash();
            if (moment === 'beforeCommit') throw new Error('crashed');
          },
        },
      });
      await first.users(1, 2);
      armed = true;
      const follow = first.social.follow({ follower: 1, followee: 2, private: false, traceId: '' });
      const answered = await follow.then(
        () => true,
        () => false,
      );

      const again = await openSocial({ path });
      const kept = moment === 'afterCommit' ? 1 : 0;
      assert.ok(kept === 1 || !answered, 'what was not kept was not answered');
      const profile = await again.social.profile({ userId: 2, viewer: 1 });
      assert.equal(profile.followerCount, kept);
      assert.equal(profile.following, kept === 1);
      const added = (await again.newEvents()).filter((newEvents) => newEvents.startsWith('follow.added'));
      assert.equal(added.length, kept);
      await again.social.follow({ follower: 1, followee: 2, private: false, traceId: '' });
      assert.equal((await again.social.profile({ userId: 2, viewer: 1 })).followerCount, 1);
      await again.close();
      remove();
    });
  }
});

test('lists and checks read an index up to their limit: none sorts or scans a whole list', () => {
  const { path, remove } = temporary();
  const store = openSqliteSocialStore({ path });
  const plans = BOUNDED_READS.map((sql) => {
    const bound = [1, 2, 3].slice(0, new Set(sql.match(/\?\d/g) ?? sql.match(/\?/g)).size);
    const steps = store.db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...bound) as { detail: string }[];
    return { sql, detail: steps.map((step) => step.detail).join('; ') };
  });
  assert.ok(plans.length >= 10);
  for (const { sql, detail } of plans) assert.doesNotMatch(detail, /SCAN (?!CONSTANT)|TEMP B-TREE/, sql);
  void store.db.close();
  remove();
});
