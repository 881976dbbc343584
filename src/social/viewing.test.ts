import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_BLOCKS_AND_MUTES } from './social-store.ts';
import { openSocial } from './testing/fixture.ts';

test('a viewer with more blocks than are read at once still sees all other users, and none of those', async () => {
  const { social, users, close } = await openSocial();
  const blockers = Array.from({ length: MAX_BLOCKS_AND_MUTES + 1 }, (_, i) => i + 10);
  await users(1, 2, ...blockers);
  await Promise.all(blockers.map((userId) => social.block({ userId, other: 1, traceId: '' })));
  const last = blockers.at(-1)!;
  const shown = await social.visibleProfiles({ viewer: 1, userIds: [2, 10, 99_999, last, 1] });
  assert.deepEqual(
    shown.map((user) => user?.profile.userId ?? null),
    [2, null, null, null, 1],
  );
  await social.unblock({ userId: last, other: 1, traceId: '' });
  assert.equal((await social.visibleProfiles({ viewer: 1, userIds: [last] }))[0]?.profile.userId, last);
  await close();
});
