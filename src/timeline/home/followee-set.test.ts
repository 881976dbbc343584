import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isWarbleError } from '#domain/errors.ts';
import { TELLS_NOTHING } from '#platform/change-source.ts';
import type { Social } from '#social/social.ts';
import { openSocial } from '#social/testing/fixture.ts';
import { createFolloweeSets } from './followee-set.ts';

const USERS = [1, 2, 3, 4];
const traceId = '';
const user = fc.constantFrom(...USERS);
const pair = fc.tuple(user, user).filter(([one, other]) => one !== other);

type Act = (social: Social) => Promise<unknown>;
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(pair, fc.boolean()).map(
      ([[follower, followee], isPrivate]): Act =>
        (social) =>
          social.follow({ follower, followee, private: isPrivate, traceId }),
    ),
  },
  pair.map(
    ([follower, followee]): Act =>
      (social) =>
        social.unfollow({ follower, followee, traceId }),
  ),
  fc.tuple(pair, fc.constantFrom('mute' as const, 'unmute' as const, 'block' as const)).map(
    ([[userId, other], kind]): Act =>
      (social) =>
        social[kind]({ userId, other, traceId }),
  ),
  fc.tuple(pair, fc.boolean()).map(
    ([[follower, followee], shown]): Act =>
      (social) =>
        social.showReposts({ follower, followee, shown, traceId }),
  ),
  fc.tuple(user, fc.boolean()).map(
    ([userId, isProtected]): Act =>
      (social) =>
        social.setProfile({ userId, changes: { protected: isProtected }, traceId }),
  ),
  fc.tuple(user, fc.constantFrom('active' as const, 'deactivated' as const)).map(
    ([userId, state]): Act =>
      (social) =>
        social.setAccount({ userId, state }),
  ),
);

describe('kept followee sets', () => {
  test('are what social says now, whatever happened since', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 30, size: 'max' }), async (acts) => {
        const { social, sqlite, users, close } = await openSocial();
        await users(...USERS);
        const kept = createFolloweeSets({ social, changes: sqlite.changes.followees });
        const fresh = createFolloweeSets({ social, changes: TELLS_NOTHING });
        for (const each of acts) {
          // An act that the rules refuse changes nothing.
          await each(social).catch((error: unknown) => assert.ok(isWarbleError(error)));
          for (const reader of USERS) assert.deepEqual(await kept.of(reader), await fresh.of(reader));
        }
        await close();
      }),
      { numRuns: 60 },
    );
  });

  test('are asked of social once', async () => {
    const { social, sqlite, users, close } = await openSocial();
    await users(...USERS);
    let asked = 0;
    const counting: Pick<Social, 'followeesOf'> = {
      followeesOf(request) {
        asked += 1;
        return social.followeesOf(request);
      },
    };
    const sets = createFolloweeSets({ social: counting, changes: sqlite.changes.followees });
    for (let time = 0; time < 3; time++) await sets.of(1);
    // A new follower of the reader changes nothing about whom the reader follows.
    await social.follow({ follower: 2, followee: 1, private: false, traceId });
    await sets.of(1);
    assert.equal(asked, 1);
    await close();
  });
});
