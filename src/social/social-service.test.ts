import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { ErrorCode } from '#domain/errors.ts';
import { isWarbleError } from '#domain/errors.ts';
import type { UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import { openSocial } from './testing/fixture.ts';

const [ADA, BOB, CLEO, DAN] = [1, 2, 3, 4];
const traceId = 'trace';

let fixture: Awaited<ReturnType<typeof openSocial>>;
beforeEach(async () => {
  fixture = await openSocial({ cached: true });
  await fixture.users(ADA, BOB, CLEO, DAN);
  await fixture.newEvents();
});
afterEach(() => fixture.close());

const follow = (follower: UserId, followee: UserId, secretly = false) =>
  fixture.social.follow({ follower, followee, private: secretly, traceId });
const protect = (userId: UserId, locked = true) =>
  fixture.social.setProfile({ userId, changes: { protected: locked }, traceId });
const viewOf = async (viewer: UserId | null, userId: UserId) =>
  (await fixture.social.view({ viewer, userIds: [userId] }))[0]!;

async function refused(promise: Promise<unknown>, code: ErrorCode, sentence: RegExp): Promise<void> {
  await assert.rejects(promise, (error: Error) => {
    assert.ok(isWarbleError(error, code), `${error}`);
    assert.match(error.message, sentence);
    return true;
  });
}

describe('users', () => {
  test('are created once; creating the same id again changes and announces nothing', async () => {
    await fixture.social.createUser({ userId: 9, handle: 'Nina', name: 'Nina', time: 1 });
    await fixture.social.createUser({ userId: 9, handle: 'Other', name: 'Other', time: 2 });
    assert.equal((await viewOf(null, 9)).handle, 'Nina');
    assert.deepEqual(await fixture.newEvents(), ['account.changed 9>0']);
  });

  test('profiles: fields given are set, absent ones are kept, the empty string clears', async () => {
    const set = (changes: object) => fixture.social.setProfile({ userId: ADA, changes, traceId });
    await set({ bio: 'Engines', picture: 'a.png' });
    await set({ name: 'Ada L.' });
    let profile = await fixture.social.profile({ userId: ADA, viewer: null });
    assert.deepEqual([profile.name, profile.bio, profile.picture], ['Ada L.', 'Engines', 'a.png']);
    await set({ bio: '', picture: undefined });
    profile = await fixture.social.profile({ userId: ADA, viewer: null });
    assert.deepEqual([profile.name, profile.bio, profile.picture], ['Ada L.', '', 'a.png']);
    assert.equal((await fixture.newEvents()).length, 3);
    await set({ bio: '' });
    assert.deepEqual(await fixture.newEvents(), [], 'setting what is set tells nothing');
  });

  test('are found by handle, ignoring case, while they are active, and not by a former handle', async () => {
    const found = async (...handles: string[]) =>
      (await fixture.social.lookup({ handles })).map((head) => head.userId);
    assert.deepEqual(await found('P1', 'p1', 'nobody', 'p2'), [ADA, BOB]);
    await fixture.social.setAccount({ userId: ADA, state: 'active', handle: 'Lovelace' });
    assert.deepEqual(await found('p1', 'lovelace'), [ADA]);
    assert.deepEqual(await found('p1'), []);
    assert.deepEqual(
      (await fixture.store.formerHandles(ADA)).map((former) => former.handle),
      ['p1'],
    );
    await fixture.social.setAccount({ userId: ADA, state: 'suspended' });
    assert.deepEqual(await found('lovelace'), []);
  });

  test('an erased user is empty, hidden and stays so; their handle is not free', async () => {
    await fixture.social.setProfile({ userId: ADA, changes: { bio: 'Engines', picture: 'a.png' }, traceId });
    await follow(ADA, BOB);
    await follow(CLEO, ADA, true);
    await fixture.social.mute({ userId: DAN, other: ADA, traceId });
    await fixture.social.unmute({ userId: DAN, other: ADA, traceId });
    await fixture.social.mute({ userId: DAN, other: ADA, traceId });
    assert.equal((await fixture.social.hiddenPeriods({ viewer: DAN })).periods.length, 1);
    await fixture.social.setAccount({ userId: ADA, state: 'erasing' });
    await refused(follow(ADA, CLEO), 'forbidden', /not active/);
    let steps = 0;
    while (!(await fixture.social.eraseUser({ userId: ADA, limit: 1, traceId })).done) steps++;
    assert.equal(steps, 4, 'in steps as small as asked for');
    assert.deepEqual((await fixture.social.hiddenPeriods({ viewer: DAN })).periods, []);
    await fixture.social.setAccount({ userId: ADA, state: 'erased' });
    await fixture.social.setAccount({ userId: ADA, state: 'active' });
    const { handle, name, picture, state } = await viewOf(BOB, ADA);
    assert.deepEqual([handle, name, picture, state], ['p1', '', '', 'erased']);
    assert.equal((await fixture.store.users([ADA]))[0]?.bio, '');
    await refused(fixture.social.profile({ userId: ADA, viewer: BOB }), 'not_found', /nobody/);
    await refused(protect(ADA), 'not_found', /nobody/);
    assert.equal((await fixture.social.profile({ userId: BOB, viewer: null })).followerCount, 0);
    assert.deepEqual((await fixture.social.mutes({ userId: DAN, before: null, limit: 10 })).items, []);
  });

  test('all of them are scanned in userId order, for rebuilding', async () => {
    await follow(ADA, DAN);
    const first = await fixture.social.scanUsers({ after: 0, limit: 3 });
    assert.deepEqual([first.users.map((user) => user.userId), first.next], [[1, 2, 3], 3]);
    const last = await fixture.social.scanUsers({ after: 3, limit: 3 });
    assert.deepEqual(last, {
      users: [{ userId: DAN, protected: false, state: 'active', followers: 1 }],
      next: null,
    });
  });

  test('a batch beyond its bound is refused', async () => {
    const userIds = Array.from({ length: LIMITS.batch + 1 }, (_, n) => n + 1);
    await assert.rejects(fixture.social.view({ viewer: null, userIds }), { code: 'invalid_request' });
  });
});

describe('following', () => {
  test('nobody follows themselves, the absent, or privately a protected account', async () => {
    await refused(follow(ADA, ADA), 'cannot_follow_self', /somebody else/);
    await refused(follow(ADA, 99), 'not_found', /nobody/);
    await protect(BOB);
    await refused(follow(ADA, BOB, true), 'protected_account', /public request/);
    await follow(ADA, BOB);
    await refused(follow(ADA, BOB, true), 'protected_account', /public request/);
    assert.equal((await viewOf(ADA, BOB)).requested, true, 'the request stands');
    await fixture.social.answerRequest({ followee: BOB, follower: ADA, approve: true, traceId });
    await refused(follow(ADA, BOB, true), 'protected_account', /public request/);
    assert.equal((await viewOf(ADA, BOB)).following, true, 'the follow stands');
  });

  test('a change between public and private gets a new id, and the event names the old one', async () => {
    const idOf = async () =>
      (await fixture.social.follows({ pairs: [{ follower: ADA, followee: BOB }] }))[0]!.id;
    await follow(ADA, BOB);
    const first = await idOf();
    await fixture.events();
    await fixture.tick();
    await follow(ADA, BOB, true);
    const second = await idOf();
    await fixture.tick();
    await follow(ADA, BOB);
    const third = await idOf();
    assert.ok(first < second && second < third);
    const told = (await fixture.events()).map(({ type, entityId, itemId }) => [type, entityId, itemId]);
    assert.deepEqual(told, [
      ['follow.changed', second, first],
      ['follow.changed', third, second],
    ]);
  });

  test('repeating an action, or undoing what is not there, succeeds and announces nothing', async () => {
    await protect(BOB);
    await follow(ADA, BOB);
    await follow(ADA, CLEO);
    await follow(ADA, DAN, true);
    await fixture.social.mute({ userId: ADA, other: DAN, traceId });
    await fixture.newEvents();
    assert.deepEqual(await follow(ADA, BOB), { state: 'requested' });
    assert.deepEqual(await follow(ADA, CLEO), { state: 'following' });
    assert.deepEqual(await follow(ADA, DAN, true), { state: 'following' });
    await fixture.social.mute({ userId: ADA, other: DAN, traceId });
    for (const other of [ADA, 99, 4_294_967_295]) {
      await fixture.social.unfollow({ follower: ADA, followee: other, traceId });
      await fixture.social.unblock({ userId: ADA, other, traceId });
      await fixture.social.unmute({ userId: ADA, other, traceId });
    }
    await fixture.social.answerRequest({ followee: CLEO, follower: ADA, approve: true, traceId });
    assert.deepEqual(await fixture.newEvents(), []);
  });

  test(`at most ${LIMITS.followees} users, private follows and requests included`, async () => {
    const crowd = Array.from({ length: LIMITS.followees + 1 }, (_, n) => 1_000 + n);
    await fixture.users(...crowd);
    const [asked, secret, ...plain] = crowd;
    await protect(asked!);
    await follow(ADA, asked!);
    await follow(ADA, secret!, true);
    const last = plain.pop()!;
    for (let at = 0; at < plain.length; at += 1_000) {
      await fixture.tick();
      await Promise.all(plain.slice(at, at + 1_000).map((other) => follow(ADA, other)));
    }
    await refused(follow(ADA, last), 'invalid_request', /5000 users, which is the maximum; unfollow/);
    await follow(ADA, secret!);
    await follow(ADA, secret!, true);
    const { followees } = await fixture.social.followeesOf({ follower: ADA });
    assert.equal(followees.length, LIMITS.followees - 1);
    await fixture.social.unfollow({ follower: ADA, followee: asked!, traceId });
    // Two concurrent requests where there is room for one.
    const both = await Promise.allSettled([follow(ADA, last), follow(ADA, asked!)]);
    assert.deepEqual(both.map((one) => one.status).sort(), ['fulfilled', 'rejected']);
  });
});

describe('a private follow', () => {
  test('is visible to its follower only: the followee does not discover it even by approving a request', async () => {
    await follow(ADA, BOB, true);
    const approve = (follower: UserId) =>
      fixture.social.answerRequest({ followee: BOB, follower, approve: true, traceId });
    await refused(approve(ADA), 'not_found', /did not ask/);
    await refused(approve(CLEO), 'not_found', /did not ask/);
    assert.equal((await viewOf(ADA, BOB)).followingPrivately, true);
    assert.equal((await viewOf(BOB, ADA)).followedBy, false);
  });

  test('ends at a block without a trace for either', async () => {
    await follow(ADA, BOB, true);
    await fixture.social.block({ userId: BOB, other: ADA, traceId });
    const page = (viewer: UserId) =>
      fixture.social.following({ userId: ADA, viewer, before: null, limit: 10 });
    assert.deepEqual((await page(ADA)).items, []);
    await refused(follow(ADA, BOB, true), 'not_found', /nobody/);
    await refused(follow(CLEO, 99, true), 'not_found', /nobody/);
    await fixture.social.unblock({ userId: BOB, other: ADA, traceId });
    assert.deepEqual((await page(ADA)).items, [], 'unblocking brings nothing back');
  });

  test('made public is a new follow: it comes first in the list, above those made meanwhile', async () => {
    await follow(ADA, BOB, true);
    await fixture.tick();
    await follow(CLEO, BOB);
    await fixture.tick();
    await follow(ADA, BOB);
    const { items } = await fixture.social.followers({ userId: BOB, viewer: null, before: null, limit: 10 });
    assert.deepEqual(
      items.map((row) => row.userId),
      [ADA, CLEO],
    );
  });
});

describe('blocks', () => {
  test('made again succeed and announce nothing, while the other may still be seen', async () => {
    await fixture.social.mute({ userId: ADA, other: BOB, traceId });
    await fixture.newEvents();
    await fixture.social.mute({ userId: ADA, other: BOB, traceId });
    assert.deepEqual(await fixture.newEvents(), []);
    await fixture.social.block({ userId: ADA, other: BOB, traceId });
    await fixture.newEvents();
    await fixture.social.block({ userId: ADA, other: BOB, traceId });
    assert.deepEqual(await fixture.newEvents(), []);
    await fixture.social.setAccount({ userId: BOB, state: 'suspended' });
    await refused(fixture.social.block({ userId: ADA, other: BOB, traceId }), 'not_found', /nobody/);
    await fixture.social.unblock({ userId: ADA, other: BOB, traceId });
    await refused(fixture.social.mute({ userId: ADA, other: BOB, traceId }), 'not_found', /nobody/);
  });

  test('muted and blocked users are listed while the viewer may see them, and again once they are back', async () => {
    await fixture.social.mute({ userId: ADA, other: BOB, traceId });
    await fixture.social.mute({ userId: ADA, other: CLEO, traceId });
    await fixture.social.block({ userId: ADA, other: DAN, traceId });
    const page = { userId: ADA, before: null, limit: 10 };
    const listed = async () => ({
      mutes: (await fixture.social.mutes(page)).items.map((row) => row.userId),
      blocks: (await fixture.social.blocks(page)).items.map((row) => row.userId),
    });
    await fixture.social.block({ userId: BOB, other: ADA, traceId });
    assert.deepEqual(await listed(), { mutes: [CLEO], blocks: [DAN] });
    for (const userId of [CLEO, DAN]) await fixture.social.setAccount({ userId, state: 'suspended' });
    assert.deepEqual(await listed(), { mutes: [], blocks: [] });
    for (const userId of [CLEO, DAN]) await fixture.social.setAccount({ userId, state: 'active' });
    await fixture.social.unblock({ userId: BOB, other: ADA, traceId });
    assert.deepEqual(await listed(), { mutes: [CLEO, BOB], blocks: [DAN] });
  });

  test('hide the two from each other at once; the blocker keeps the basic profile and the row', async () => {
    await follow(ADA, BOB);
    await fixture.social.setProfile({ userId: BOB, changes: { bio: 'secret' }, traceId });
    await fixture.social.block({ userId: ADA, other: BOB, traceId });
    const head = await fixture.social.profile({ userId: BOB, viewer: ADA });
    assert.deepEqual([head.basicOnly, head.blocking, head.handle, head.bio], [true, true, 'p2', '']);
    await refused(fixture.social.profile({ userId: ADA, viewer: BOB }), 'not_found', /nobody/);
    for (const [viewer, userId] of [
      [ADA, BOB],
      [BOB, ADA],
    ] as const) {
      const page = { userId, viewer, before: null, limit: 10 };
      await refused(fixture.social.followers(page), 'not_found', /nobody/);
      await refused(fixture.social.mutuals(page), 'not_found', /nobody/);
      await refused(fixture.social.mute({ userId: viewer, other: userId, traceId }), 'not_found', /nobody/);
    }
    await refused(fixture.social.block({ userId: BOB, other: ADA, traceId }), 'not_found', /nobody/);
    const { items } = await fixture.social.blocks({ userId: ADA, before: null, limit: 10 });
    assert.deepEqual(
      items.map((row) => row.userId),
      [BOB],
    );
    await refused(
      fixture.social.block({ userId: ADA, other: ADA, traceId }),
      'invalid_request',
      /This is you/,
    );
  });
});

describe('a protected account', () => {
  test('shows its followers and followees to those who may read it, and its counts to everybody', async () => {
    await follow(BOB, CLEO);
    await follow(ADA, BOB);
    await follow(ADA, CLEO);
    await follow(DAN, CLEO);
    await follow(DAN, ADA);
    await protect(BOB, true);
    const seen = async (viewer: number | null) => {
      const page = { userId: BOB, viewer, before: null, limit: 10 };
      const { followerCount, followingCount } = await fixture.social.profile(page);
      const graph = viewer === null ? null : { ...page, viewer };
      return {
        counts: [followerCount, followingCount],
        followers: (await fixture.social.followers(page)).items.map((row) => row.userId),
        following: (await fixture.social.following(page)).items.map((row) => row.userId),
        mutuals: graph && (await fixture.social.mutuals(graph)).userIds,
        known: graph && (await fixture.social.followersYouKnow(graph)).userIds,
      };
    };
    const counts = [1, 1];
    assert.deepEqual(await seen(ADA), {
      counts,
      followers: [ADA],
      following: [CLEO],
      mutuals: [CLEO],
      known: [],
    });
    assert.deepEqual(await seen(BOB), {
      counts,
      followers: [ADA],
      following: [CLEO],
      mutuals: [CLEO],
      known: [],
    });
    assert.deepEqual(await seen(DAN), { counts, followers: [], following: [], mutuals: [], known: [] });
    assert.deepEqual(await seen(null), { counts, followers: [], following: [], mutuals: null, known: null });
    await protect(BOB, false);
    assert.deepEqual((await seen(DAN)).known, [ADA]);
  });
});

describe('users one may know', () => {
  test('come with the viewer’s followees who follow them, the strongest first', async () => {
    const [EVE, FAY, GUS] = [5, 6, 7];
    await fixture.users(EVE, FAY, GUS);
    await follow(ADA, BOB, true);
    for (const followee of [CLEO, DAN]) await follow(ADA, followee);
    for (const [follower, followee] of [
      [BOB, EVE],
      [CLEO, EVE],
      [DAN, EVE],
      [CLEO, FAY],
      [BOB, GUS],
    ] as const) {
      await fixture.tick();
      await follow(follower, followee, followee === GUS);
    }
    await fixture.tick();
    await follow(BOB, CLEO);
    await follow(BOB, ADA);
    assert.deepEqual(await fixture.social.suggestions({ viewer: ADA, limit: 10 }), {
      suggestions: [
        { userId: EVE, mutualCount: 3, via: [DAN, CLEO, BOB] },
        { userId: FAY, mutualCount: 1, via: [CLEO] },
      ],
    });
    await fixture.social.mute({ userId: ADA, other: EVE, traceId });
    const { suggestions } = await fixture.social.suggestions({ viewer: ADA, limit: 1 });
    assert.deepEqual(suggestions, [{ userId: FAY, mutualCount: 1, via: [CLEO] }]);
  });
});
