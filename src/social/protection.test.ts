/** The turn of a protection, with more people hanging on it than one step takes, under races and crashes. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { WarbleEvent } from '#contract/events.ts';
import type { UserId } from '#contract/ids.ts';
import { STEP } from './settling.ts';
import { openSocial } from './testing/fixture.ts';

const STAR = 1;
const CROWD: UserId[] = Array.from({ length: 2 * STEP + 50 }, (_, n) => 100 + n);
const traceId = '';

type Fixture = Awaited<ReturnType<typeof openSocial>>;

const protect = ({ social }: Fixture, locked: boolean) =>
  social.setProfile({ userId: STAR, changes: { protected: locked }, traceId });

/** Everybody in the crowd follows, or asks to follow, in the order of their ids. */
async function crowdFollows(fixture: Fixture, secretly: boolean): Promise<void> {
  await fixture.tick();
  const follows = CROWD.map((follower) =>
    fixture.social.follow({ follower, followee: STAR, private: secretly, traceId }),
  );
  await Promise.all(follows);
}

async function followersOf({ social }: Fixture): Promise<UserId[]> {
  const { userIds } = await social.followerIds({ followee: STAR, after: 0, limit: 10_000 });
  return userIds;
}

const count = (events: WarbleEvent[], type: string) => events.filter((event) => event.type === type).length;

for (const cached of [false, true]) {
  describe(`an account turns its protection${cached ? ' (through the cache)' : ''}`, () => {
    async function open(): Promise<Fixture> {
      const fixture = await openSocial({ cached });
      await fixture.people(STAR, ...CROWD);
      return fixture;
    }

    test('becoming protected ends every private follow before the answer, each told once', async () => {
      const fixture = await open();
      await crowdFollows(fixture, true);
      await fixture.events();
      await protect(fixture, true);
      assert.deepEqual(await followersOf(fixture), []);
      const events = await fixture.events();
      assert.equal(count(events, 'follow.removed'), CROWD.length);
      assert.equal(count(events, 'profile.changed'), 1);
      const [first] = await fixture.social.view({ viewer: CROWD[0]!, userIds: [STAR] });
      assert.equal(first?.following, false);
      await protect(fixture, false);
      assert.deepEqual(await followersOf(fixture), [], 'nothing comes back');
      assert.equal(await fixture.settler.step(), false);
      await fixture.close();
    });

    test('a private follow does not stand from the first moment on, long before the last is removed', async () => {
      const fixture = await open();
      await crowdFollows(fixture, true);
      await fixture.social.view({ viewer: CROWD.at(-1)!, userIds: [STAR] });
      await fixture.social.followeesOf({ follower: CROWD.at(-1)! });
      const answer = protect(fixture, true);
      let seen = 0;
      const checks: Promise<void>[] = [];
      fixture.sqlite.db.onCommit(() => {
        seen++;
        checks.push(
          (async () => {
            assert.deepEqual(await followersOf(fixture), []);
            const { followees } = await fixture.social.followeesOf({ follower: CROWD.at(-1)! });
            assert.deepEqual(followees, []);
            const [view] = await fixture.social.view({ viewer: CROWD.at(-1)!, userIds: [STAR] });
            assert.equal(view?.following, false);
          })(),
        );
      });
      await answer;
      await Promise.all(checks);
      assert.ok(seen >= 3, 'in several commits');
      await fixture.close();
    });

    test('becoming public accepts every request before the answer, in the order they were made', async () => {
      const fixture = await open();
      await protect(fixture, true);
      await crowdFollows(fixture, false);
      await fixture.tick();
      await fixture.events();
      await protect(fixture, false);
      assert.equal(
        (await fixture.social.profile({ userId: STAR, viewer: null })).followerCount,
        CROWD.length,
      );
      const { items } = await fixture.social.followers({
        userId: STAR,
        viewer: null,
        before: null,
        limit: 2,
      });
      assert.deepEqual(
        items.map((row) => row.userId),
        [CROWD.at(-1), CROWD.at(-2)],
      );
      const events = await fixture.events();
      assert.equal(count(events, 'follow.added'), CROWD.length);
      assert.equal(count(events, 'follow.withdrawn'), CROWD.length);
      await fixture.close();
    });

    test('turning to and fro at once, with follows and requests in between, ends settled', async () => {
      const fixture = await open();
      await crowdFollows(fixture, true);
      const late = CROWD.map((follower) =>
        fixture.social.follow({ follower, followee: STAR, private: false, traceId }),
      );
      await Promise.all([
        protect(fixture, true),
        protect(fixture, false),
        protect(fixture, true),
        ...late,
        protect(fixture, false),
        protect(fixture, true),
      ]);
      assert.deepEqual(await fixture.store.unsettled({ limit: 1 }), []);
      const [star] = await fixture.store.people([STAR]);
      assert.equal(star?.counts.privateFollowers, 0);
      const standing = await followersOf(fixture);
      assert.equal(star?.counts.followers, standing.length);
      const asking = await fixture.store.pending({ userId: STAR, kind: 'request', limit: 10_000 });
      assert.equal(star?.counts.requesters, asking.length);
      assert.deepEqual(
        [...standing, ...asking].toSorted((a, b) => a - b),
        CROWD,
      );
      await fixture.close();
    });
  });
}

/** A star with a crowd whose turn to `locked` was cut off after `crashAt` commits; opened again. */
async function cutOff({ locked, crashAt }: { locked: boolean; crashAt: number }) {
  const directory = mkdtempSync(join(tmpdir(), 'warble-social-'));
  const path = join(directory, 'social.db');
  let commits = Number.POSITIVE_INFINITY;
  const first = await openSocial({
    path,
    faults: {
      afterCommit() {
        commits -= 1;
        if (commits === 0) first.crash();
      },
    },
  });
  await first.people(STAR, ...CROWD);
  if (!locked) await protect(first, true);
  await crowdFollows(first, locked);
  await first.tick();
  commits = crashAt;
  await protect(first, locked).catch(() => {});

  const again = await openSocial({ path });
  await again.tick();
  await again.tick();
  return {
    again,
    async close() {
      await again.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

describe('a crash while an account turns its protection', () => {
  for (const locked of [false, true]) {
    for (const crashAt of [1, 2, 3]) {
      const way = locked ? 'to protected' : 'to public';
      test(`${way}, after commit ${crashAt}: the settler ends it, each follow told once`, async () => {
        const { again, close } = await cutOff({ locked, crashAt });
        const [view] = await again.social.view({ viewer: null, userIds: [STAR] });
        assert.equal(view?.protected, locked);
        if (locked) assert.deepEqual(await followersOf(again), [], 'no private follow stands even now');
        while (await again.settler.step());
        assert.deepEqual(await followersOf(again), locked ? [] : CROWD);
        const [star] = await again.store.people([STAR]);
        assert.equal(star?.counts.followers, locked ? 0 : CROWD.length);
        assert.deepEqual([star?.counts.privateFollowers, star?.counts.requesters], [0, 0]);
        const events = await again.events();
        const ended = events.filter((e) => e.type === (locked ? 'follow.removed' : 'follow.withdrawn'));
        assert.equal(new Set(ended.map((event) => event.actorId)).size, CROWD.length);
        assert.equal(ended.length, CROWD.length);
        await close();
      });
    }
  }

  test('turning back at once brings no ended private follow back', async () => {
    const { again, close } = await cutOff({ locked: true, crashAt: 1 });
    await protect(again, false);
    assert.deepEqual(await followersOf(again), []);
    await close();
  });

  test('turning back at once forgets no accepted request', async () => {
    const { again, close } = await cutOff({ locked: false, crashAt: 1 });
    await protect(again, true);
    assert.deepEqual(await followersOf(again), CROWD);
    await close();
  });
});
