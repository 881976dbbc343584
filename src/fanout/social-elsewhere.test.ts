/** Where social is another process, whom a reader follows is asked at each page, and again to fill a home. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { type Community, openCommunity } from './testing/fanout.ts';

const [ADA, BEN] = [1, 2];

describe('where social is another process', () => {
  let c: Community;
  beforeEach(async () => {
    c = openCommunity({ isSocialElsewhere: true });
    await c.users(2);
    await c.step();
  });

  for (const moment of ['before', 'after'] as const) {
    test(`a follow made and merged just ${moment} a home being made reads the followees is in it`, async () => {
      const old = await c.post(BEN);
      await c.settle();
      // The first asks for the page, the second for the home.
      c[moment].set('social.followeesOf', async () => {
        c[moment].set('social.followeesOf', async () => {
          await c.follow(ADA, BEN);
          await c.settle();
        });
      });
      await c.home({ reader: ADA });
      assert.deepEqual(await c.home({ reader: ADA }), [old]);
    });
  }

  test('a home that is ready asks whom its reader follows, and no more', async () => {
    await c.follow(ADA, BEN);
    await c.post(BEN);
    await c.settle();
    await c.home({ reader: ADA });
    c.calls.clear();
    await c.home({ reader: ADA });
    assert.deepEqual([...c.calls].sort(), [
      ['engagement.repostsBy', 1],
      ['social.followeesOf', 1],
    ]);
  });
});
