/**
 * Accounts that become protected or public with more follows and requests than one step handles, under races and
 * crashes.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StatementSync } from 'node:sqlite';
import { describe, mock, test } from 'node:test';
import type { WarbleEvent } from '#domain/events.ts';
import type { UserId } from '#domain/ids.ts';
import { STEP } from './protection-migration.ts';
import { openSocial } from './testing/fixture.ts';

const STAR = 1;
const CROWD: UserId[] = Array.from({ length: 2 * STEP + 50 }, (_, n) => 100 + n);
const traceId = '';

type Fixture = Awaited<ReturnType<typeof openSocial>>;

const protect = ({ social }: Fixture, locked: boolean) =>
  social.setProfile({ userId: STAR, changes: { protected: locked }, traceId });

/** The whole crowd follows, or asks to follow, in the order of their ids. */
async function crowdFollows(fixture: Fixture, secretly: boolean): Promise<void> {
  await fixture.tick();
  for (const follower of CROWD) {
    await fixture.social.follow({ follower, followee: STAR, private: secretly, traceId });
    fixture.clock.advance(1);
  }
}

async function followersOf({ social }: Fixture): Promise<UserId[]> {
  const { userIds } = await social.followerIds({ followee: STAR, after: 0, limit: 10_000 });
  return userIds;
}

const count = (events: WarbleEvent[], type: string) => events.filter((event) => event.type === type).length;

for (const cached of [false, true]) {
  describe(`an account changes its protection${cached ? ' (through the cache)' : ''}`, () => {
    async function open(): Promise<Fixture> {
      const fixture = await openSocial({ cached });
      await fixture.users(STAR, ...CROWD);
      return fixture;
    }

    test('becoming protected ends every private follow at once, and each is announced once afterwards', async () => {
      const fixture = await open();
      await crowdFollows(fixture, true);
      await fixture.events();
      await protect(fixture, true);
      assert.deepEqual(await followersOf(fixture), []);
      assert.equal(count(await fixture.events(), 'profile.changed'), 1);
      while (await fixture.protectionMigrator.step());
      assert.equal(count(await fixture.events(), 'follow.removed'), CROWD.length);
      assert.deepEqual(await fixture.store.relationshipsOf({ userId: STAR, limit: 10 }), []);
      const [first] = await fixture.social.view({ viewer: CROWD[0]!, userIds: [STAR] });
      assert.equal(first?.following, false);
      await protect(fixture, false);
      assert.deepEqual(await followersOf(fixture), [], 'nothing comes back');
      assert.equal(await fixture.protectionMigrator.step(), false);
      await fixture.close();
    });

    test('a private follow is inactive from the first moment, long before the last row is removed', async () => {
      const fixture = await open();
      await crowdFollows(fixture, true);
      await fixture.social.view({ viewer: CROWD.at(-1)!, userIds: [STAR] });
      await fixture.social.followeesOf({ follower: CROWD.at(-1)! });
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
      await protect(fixture, true);
      while (await fixture.protectionMigrator.step());
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

    test('concurrent changes back and forth, with follows and requests in between, end in a consistent state', async () => {
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
      while (await fixture.protectionMigrator.step());
      assert.deepEqual(await fixture.store.pendingProtectionMigrations({ limit: 1 }), []);
      const [star] = await fixture.store.users([STAR]);
      const active = await followersOf(fixture);
      assert.equal(star?.counts.followers, active.length);
      const asking = await fixture.store.pending({ followee: STAR, kind: 'request', limit: 10_000 });
      assert.equal(star?.counts.requesters, asking.length);
      assert.deepEqual(
        [...active, ...asking].toSorted((a, b) => a - b),
        CROWD,
      );
      await fixture.close();
    });
  });
}

/** A star with a crowd, opened again after a crash `crashAt` commits into its change to `locked`. */
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
  await first.users(STAR, ...CROWD);
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

describe('a crash while an account changes its protection', () => {
  for (const locked of [false, true]) {
    // Becoming protected is one commit, however many follows it ends.
    for (const crashAt of locked ? [1] : [1, 2, 3]) {
      const way = locked ? 'to protected' : 'to public';
      test(`${way}, after commit ${crashAt}: the migrator finishes it, and each follow is announced once`, async () => {
        const { again, close } = await cutOff({ locked, crashAt });
        const [view] = await again.social.view({ viewer: null, userIds: [STAR] });
        assert.equal(view?.protected, locked);
        if (locked) assert.deepEqual(await followersOf(again), [], 'no private follow stands even now');
        while (await again.protectionMigrator.step());
        assert.deepEqual(await followersOf(again), locked ? [] : CROWD);
        const [star] = await again.store.users([STAR]);
        assert.equal(star?.counts.followers, locked ? 0 : CROWD.length);
        assert.equal(star?.counts.requesters, 0);
        const [follower] = await again.store.users([CROWD[0]!]);
        assert.equal(follower?.counts.outgoing, locked ? 0 : 1);
        const events = await again.events();
        const ended = events.filter((e) => e.type === (locked ? 'follow.removed' : 'follow.withdrawn'));
        assert.equal(new Set(ended.map((event) => event.actorId)).size, CROWD.length);
        assert.equal(ended.length, CROWD.length);
        await close();
      });
    }
  }

  test('becoming public again at once restores no private follow that has ended', async () => {
    const { again, close } = await cutOff({ locked: true, crashAt: 1 });
    await protect(again, false);
    assert.deepEqual(await followersOf(again), []);
    await close();
  });

  test('a migrator that crashes anywhere is continued by the next, and each follow is announced once', async () => {
    for (const steps of [1, 2, 5]) {
      const { again, close } = await cutOff({ locked: true, crashAt: 1 });
      for (let step = 0; step < steps; step++) await again.protectionMigrator.step();
      await protect(again, false);
      const late = await again.social.follow({ follower: CROWD[0]!, followee: STAR, private: true, traceId });
      assert.equal(late.state, 'following');
      await protect(again, true);
      await protect(again, false);
      while (await again.protectionMigrator.step());
      assert.deepEqual(await again.store.relationshipsOf({ userId: STAR, limit: 10 }), []);
      assert.deepEqual(await again.store.pendingProtectionMigrations({ limit: 1 }), []);
      await close();
    }
  });

  test('becoming protected again at once loses no accepted request', async () => {
    const { again, close } = await cutOff({ locked: false, crashAt: 1 });
    await protect(again, true);
    assert.deepEqual(await followersOf(again), CROWD);
    await close();
  });
});

describe('private follows and the time of an answer', () => {
  /** The statements that SQLite ran, each with how many rows it read or changed. */
  async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
    const done: string[] = [];
    const counts: Record<string, (result: unknown) => number> = {
      run: (result) => (result as { changes: number }).changes,
      get: (row) => (row === undefined ? 0 : 1),
      all: (rows) => (rows as unknown[]).length,
    };
    const spies = Object.entries(counts).map(([method, count]) => {
      const name = method as 'run' | 'get' | 'all';
      const call = StatementSync.prototype[name] as (...values: unknown[]) => unknown;
      return mock.method(StatementSync.prototype, name, function (this: StatementSync, ...values: unknown[]) {
        const result = call.apply(this, values);
        done.push(`${count(result)} by ${this.sourceSQL}`);
        return result;
      });
    });
    try {
      await work();
    } finally {
      for (const spy of spies) spy.mock.restore();
    }
    return done;
  }

  const acts: Record<string, (fixture: Fixture) => Promise<unknown>> = {
    'becoming protected': (fixture) => protect(fixture, true),
    'becoming public again': async (fixture) => {
      await protect(fixture, true);
      await protect(fixture, false);
    },
    'changing a name': ({ social }) => social.setProfile({ userId: STAR, changes: { name: 'S' }, traceId }),
    'a profile': ({ social }) => social.profile({ userId: STAR, viewer: STAR }),
    'the list of followers': ({ social }) =>
      social.followers({ userId: STAR, viewer: STAR, before: null, limit: 100 }),
    'the list of requests': ({ social }) => social.followRequests({ userId: STAR, before: null, limit: 100 }),
    suggestions: ({ social }) => social.suggestions({ viewer: STAR, limit: 20 }),
    'leaving for good': ({ social }) => social.setAccount({ userId: STAR, state: 'erasing' }),
  };
  for (const [name, act] of Object.entries(acts)) {
    test(`${name} asks the store the same with ${CROWD.length} private followers as with none`, async () => {
      const asked = [false, true].map(async (followed) => {
        const fixture = await openSocial();
        await fixture.users(STAR, ...CROWD);
        if (followed) await crowdFollows(fixture, true);
        else await fixture.tick();
        return fixture;
      });
      const [alone, crowded] = await Promise.all(asked);
      assert.deepEqual(await statementsOf(() => act(crowded!)), await statementsOf(() => act(alone!)));
      await alone!.close();
      await crowded!.close();
    });
  }
});
