import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Database } from '#platform/sqlite/database.ts';
import { openSocial } from '../testing/fixture.ts';
import { loadFollows, whileUnindexed } from './bulk.ts';

const indexesOf = (db: Database) =>
  db.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name").all();

test('a graph loaded in bulk equals one followed one by one, with its indexes and exact counts', async () => {
  const { social, sqlite, users, close } = await openSocial();
  await users(1, 2, 3);
  const indexes = indexesOf(sqlite.db);
  const follows = [
    { followee: 1, follower: 2, id: 10 },
    { followee: 1, follower: 3, id: 11 },
    { followee: 2, follower: 3, id: 12 },
  ];
  assert.equal(await whileUnindexed(sqlite.db, () => loadFollows(sqlite.db, follows)), 3);
  assert.equal(await loadFollows(sqlite.db, follows), 0, 'what stands is skipped');
  assert.deepEqual(indexesOf(sqlite.db), indexes);
  const { items } = await social.following({ userId: 3, viewer: null, before: null, limit: 10 });
  assert.deepEqual(
    items.map(({ userId }) => userId),
    [2, 1],
  );
  const profile = await social.profile({ userId: 1, viewer: null });
  assert.equal(profile.followerCount, 2);
  await close();
});
