/**
 * The service against a plain model of its rules, and promise 9: what a user does privately changes nothing for
 * others.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { UserId } from '#domain/ids.ts';
import { createMemorySocialBackend } from './stores/memory.ts';
import { everythingFor, perform } from './testing/everything.ts';
import { createSocial, openSocial } from './testing/fixture.ts';
import { type Action, createSocialModel } from './testing/social-model.ts';

const USERS: UserId[] = [1, 2, 3, 4, 5, 6];
const somebody = fc.constantFrom(...USERS);
const pair = { by: somebody, target: somebody };

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 36,
    arbitrary: fc.record({ kind: fc.constant('follow' as const), ...pair, private: fc.boolean() }),
  },
  {
    weight: 18,
    arbitrary: fc.record({
      kind: fc.constantFrom('unfollow' as const, 'removeFollower', 'block', 'unblock', 'mute', 'unmute'),
      ...pair,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('reposts' as const), ...pair, shown: fc.boolean() }),
  },
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant('answer' as const), ...pair, approve: fc.boolean() }),
  },
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant('protect' as const), by: somebody, protected: fc.boolean() }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('state' as const),
      by: somebody,
      state: fc.constantFrom('active' as const, 'active', 'deactivated', 'suspended'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('erase' as const), by: somebody }) },
);
const story = fc.array(action, { minLength: 1, maxLength: 60, size: 'max' });

type Fixture = ReturnType<typeof createSocial>;
type Model = ReturnType<typeof createSocialModel>;

async function checkAnswersTo(viewer: UserId | null, { social }: Fixture, model: Model): Promise<void> {
  const { views, about, own } = await everythingFor(social, viewer, USERS);
  for (const view of views) {
    const { handle: _, name: __, picture: ___, ...active } = view;
    assert.deepEqual(active, model.view(viewer, view.userId), `how ${view.userId} stands to ${viewer}`);
  }
  for (const [userId, answers] of about) {
    const place = `${viewer} about ${userId}`;
    const { profile } = answers;
    const head = model.view(viewer, userId);
    if (head.state !== 'active' || head.blockedBy) assert.equal(profile, 'not_found', place);
    else {
      assert.ok(profile !== 'not_found', place);
      const { followers, following } = head.blocking ? { followers: 0, following: 0 } : model.counts(userId);
      const counts = [profile.basicOnly, profile.followerCount, profile.followingCount];
      assert.deepEqual(counts, [head.blocking, followers, following], place);
    }
    const ifSeen = <T>(expected: T) => (model.sees(viewer, userId) ? expected : 'not_found');
    const ids = (rows: { userId: UserId }[] | 'not_found') =>
      rows === 'not_found' ? rows : rows.map((row) => row.userId);
    assert.deepEqual(ids(answers.followers), ifSeen(model.followers(viewer, userId)), `followers: ${place}`);
    assert.deepEqual(ids(answers.following), ifSeen(model.following(viewer, userId)), `following: ${place}`);
    const marked = answers.following === 'not_found' ? [] : answers.following.filter((row) => row.private);
    const secret = userId === viewer ? model.following(viewer, userId) : [];
    assert.deepEqual(
      marked.map((row) => row.userId),
      model.sees(viewer, userId) ? secret.filter((id) => model.view(viewer, id).followingPrivately) : [],
      `private follows marked: ${place}`,
    );
    if (viewer === null) continue;
    assert.deepEqual(answers.mutuals, ifSeen(model.mutuals(viewer, userId)), `mutuals: ${place}`);
    assert.deepEqual(
      answers.followersYouKnow,
      ifSeen(model.followersYouKnow(viewer, userId)),
      `followers you know: ${place}`,
    );
  }
  if (viewer === null) return;
  const ids = (rows: { userId: UserId }[]) => rows.map((row) => row.userId);
  assert.deepEqual(ids(own.requests), model.requests(viewer));
  assert.deepEqual(ids(own.blocks), model.blocks(viewer));
  assert.deepEqual(ids(own.mutes), model.mutes(viewer));
  assert.deepEqual(own.suggestions, model.suggestions(viewer), `suggestions to ${viewer}`);
}

/** What fan-out reads, private follows included. */
async function checkInternals({ social }: Fixture, model: Model): Promise<void> {
  for (const userId of USERS) {
    const { userIds } = await social.followerIds({ followee: userId, after: 0, limit: 100 });
    assert.deepEqual(userIds, model.allFollowers(userId));
    const { followees } = await social.followeesOf({ follower: userId });
    assert.deepEqual(
      followees.map((followee) => followee.userId),
      model.allFollowees(userId),
    );
    for (const followee of followees) {
      assert.equal(followee.muted, model.view(userId, followee.userId).muting);
      assert.equal(followee.repostsHidden, model.hidesReposts(userId, followee.userId));
    }
  }
}

/** The stores share little code, so what one of them does by mistake the other does not. */
const FIXTURES: Record<string, () => Promise<ReturnType<typeof createSocial>>> = {
  'on SQLite': () => openSocial(),
  'on SQLite, through the cache': () => openSocial({ cached: true }),
  'in memory': async () => createSocial(createMemorySocialBackend().open()),
  'in memory, through the cache': async () => createSocial(createMemorySocialBackend().open(), true),
};

describe('random actions of a few users', () => {
  for (const [where, open] of Object.entries(FIXTURES)) {
    test(`every list, count, relationship, error and event is what the rules say, ${where}`, async () => {
      await fc.assert(
        fc.asyncProperty(story, async (actions) => {
          const fixture = await open();
          const model = createSocialModel(USERS);
          await fixture.users(...USERS);
          await fixture.newEvents();
          for (const [step, action] of actions.entries()) {
            await fixture.tick();
            const outcome = await perform(fixture.social, action);
            assert.deepEqual(outcome, model.apply(action), `step ${step}: ${JSON.stringify(action)}`);
            // Two viewers after each step warm the cache in varying ways; all of them look at the end. A follow that
            // has ended shows nowhere, whether or not the migrator has removed it.
            await checkAnswersTo(USERS[step % USERS.length]!, fixture, model);
            if (step % 7 === 0) await checkAnswersTo(null, fixture, model);
            while (await fixture.protectionMigrator.step());
            assert.deepEqual(await fixture.newEvents(), model.newEvents(), `newEvents of step ${step}`);
          }
          for (const viewer of [null, ...USERS]) await checkAnswersTo(viewer, fixture, model);
          await checkInternals(fixture, model);
          await fixture.close();
        }),
        { numRuns: 15 },
      );
    });
  }
});

describe('promise 9', () => {
  const SECRET: UserId = 1;
  const others = [null, ...USERS.filter((id) => id !== SECRET)];

  async function compare(told: Fixture, untold: Fixture, viewer: UserId | null, after: string) {
    const one = await everythingFor(told.social, viewer, USERS);
    const other = await everythingFor(untold.social, viewer, USERS);
    assert.deepEqual(one, other, `what ${viewer} is told after ${after}`);
  }

  test('no answer to anybody else, its ids, order and errors included, depends on a private follow', async () => {
    await fc.assert(
      fc.asyncProperty(story, async (actions) => {
        const told = await openSocial({ cached: true });
        const untold = await openSocial({ cached: true });
        for (const fixture of [told, untold]) await fixture.users(...USERS);
        let step = 0;
        for (const action of actions) {
          for (const fixture of [told, untold]) await fixture.tick();
          const outcome = await perform(told.social, action);
          // In the other world the same user does not follow at all.
          const secretly = action.kind === 'follow' && action.private && action.by === SECRET;
          if (secretly) {
            if ('done' in outcome) await perform(untold.social, { ...action, kind: 'unfollow' });
          } else {
            const same = await perform(untold.social, action);
            // Only the follower learns whether there is a follow whose reposts could be hidden.
            const told = action.kind === 'reposts' && action.by === SECRET;
            if (!told) assert.deepEqual(outcome, same, JSON.stringify(action));
          }
          step += 1;
          await compare(told, untold, others[step % others.length] ?? null, JSON.stringify(action));
        }
        for (const viewer of others) await compare(told, untold, viewer, 'all of it');
        await told.close();
        await untold.close();
      }),
      { numRuns: 20 },
    );
  });
});
