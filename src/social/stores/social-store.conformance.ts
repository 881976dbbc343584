/** What every social store must do, run with two handles open on one backend, as two processes would have. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { EventDraft } from '#domain/events.ts';
import type { Snowflake, UserId } from '#domain/ids.ts';
import {
  type Decision,
  MAX_BLOCKS_AND_MUTES,
  MAX_HIDDEN_PERIODS,
  NO_COUNTS,
  NO_RELATIONSHIP,
  type OpenedSocialStore,
  RELATIONSHIP_BIT,
  type Relationship,
  type RelationshipKey,
  type SocialStore,
  type User,
} from '../social-store.ts';
import { createEventReader } from '../testing/events.ts';

export interface SocialBackend {
  /** Opens one more handle on the same backend, which is empty at first. */
  open(): Promise<OpenedSocialStore>;
  /** Closes all handles and deletes everything. */
  dispose(): Promise<void>;
}

const publicly = (id: Snowflake): Relationship => ({ ...NO_RELATIONSHIP, follow: { id, private: false } });
const privately = (id: Snowflake): Relationship => ({
  ...NO_RELATIONSHIP,
  follow: { id, private: true, protections: 0 },
});
const asking = (id: Snowflake): Relationship => ({ ...NO_RELATIONSHIP, request: id });

function userNamed(userId: UserId, fields: Partial<User> = {}): User {
  return {
    userId,
    handle: `User${userId}`,
    name: `User ${userId}`,
    bio: '',
    picture: '',
    protected: false,
    state: 'active',
    protections: 0,
    migratedProtections: 0,
    createdAt: 1_000,
    version: 1,
    ...fields,
  };
}

const plain = <Result>(result: Result) => ({ events: [] as EventDraft[], time: 5_000, result });

export function testSocialStore(name: string, fresh: () => Promise<SocialBackend>): void {
  describe(`${name} as a social store`, () => {
    let backend: SocialBackend;
    let one: OpenedSocialStore;
    let two: OpenedSocialStore;
    beforeEach(async () => {
      backend = await fresh();
      one = await backend.open();
      two = await backend.open();
    });
    afterEach(() => backend.dispose());

    const save = (store: SocialStore, ...users: User[]) =>
      store.change({ users: users.map((user) => user.userId), relationships: [] }, () => ({
        ...plain(undefined),
        users,
      }));
    const relationship = (
      store: SocialStore,
      source: UserId,
      target: UserId,
      next: Relationship,
      events: EventDraft[] = [],
    ) =>
      store.change({ users: [], relationships: [{ source, target }] }, () => ({
        ...plain(undefined),
        relationships: [{ source, target, relationship: next }],
        events,
      }));
    const ids = (rows: readonly { userId: UserId }[]) => rows.map((row) => row.userId);
    const list = (kind: Parameters<SocialStore['list']>[0]['kind'], userId: UserId) =>
      two.list({ kind, userId, before: null, limit: 100 });

    test('a user saved through one handle is read through the other, in the order asked for', async () => {
      const wanted = userNamed(7, { bio: 'Zürich', picture: 'a.png', protected: true, state: 'suspended' });
      await save(one, wanted, userNamed(3));
      const [third, never, seventh] = await two.users([3, 5, 7]);
      assert.equal(third?.userId, 3);
      assert.equal(never, null);
      assert.deepEqual(seventh, { ...wanted, counts: NO_COUNTS });
    });

    test('users are found by their present handle, ignoring case, and former handles are remembered', async () => {
      await save(one, userNamed(1, { handle: 'Ada' }), userNamed(2, { handle: 'Bob' }));
      assert.deepEqual(ids(await two.byHandle(['ADA', 'nobody'])), [1]);
      await one.change({ users: [1], relationships: [] }, ({ users: [before] }) => ({
        ...plain(undefined),
        users: [userNamed(1, { handle: 'Lovelace', version: (before?.version ?? 0) + 1 })],
      }));
      assert.deepEqual(await two.byHandle(['ada']), []);
      assert.deepEqual(ids(await two.byHandle(['lovelace'])), [1]);
      assert.deepEqual(await two.formerHandles(1), [{ handle: 'Ada', until: 5_000 }]);
    });

    test('a decision sees what another handle committed, and one that throws keeps nothing', async () => {
      await save(one, userNamed(1), userNamed(2));
      await relationship(one, 1, 2, { ...publicly(10), mute: 11 });
      const subject = {
        users: [1, 9],
        relationships: [
          { source: 1, target: 2 },
          { source: 2, target: 1 },
        ],
      };
      const seen = await two.change(subject, (facts) => ({ ...plain(facts) }));
      assert.equal(seen.users[0]?.counts.following, 1);
      assert.equal(seen.users[1], null);
      assert.deepEqual(seen.relationships, [{ ...publicly(10), mute: 11 }, NO_RELATIONSHIP]);
      const refusal = new Error('no');
      await assert.rejects(
        two.change(subject, () => {
          throw refusal;
        }),
        refusal,
      );
      assert.equal((await one.users([1]))[0]?.counts.following, 1);
    });

    test('concurrent changes of one relationship through both handles are serialised', async () => {
      await save(one, userNamed(1), userNamed(2));
      const key: RelationshipKey = { source: 1, target: 2 };
      const attempts = Array.from({ length: 40 }, (_, n) =>
        (n % 2 === 0 ? one : two).change({ users: [1], relationships: [key] }, ({ users, relationships }) => {
          const following = users[0]?.counts.following ?? -1;
          assert.equal(following, relationships[0]?.follow === null ? 0 : 1);
          return {
            ...plain(undefined),
            relationships: [{ ...key, relationship: following === 0 ? publicly(n + 1) : NO_RELATIONSHIP }],
          };
        }),
      );
      await Promise.all(attempts);
      assert.equal((await one.users([1]))[0]?.counts.following, 0);
      assert.deepEqual(await list('following', 1), []);
    });

    test('a fact and its event are one commit, with a gapless sequence for each key', async () => {
      await save(one, userNamed(1), userNamed(2));
      const draft: EventDraft = {
        topic: 'follows',
        type: 'follow.added',
        key: 2,
        entityId: 10,
        entityVersion: 1,
        actorId: 1,
        itemId: 0,
        time: 5_000,
        traceId: 't',
      };
      await relationship(one, 1, 2, publicly(10), [draft]);
      await relationship(two, 1, 2, NO_RELATIONSHIP, [{ ...draft, type: 'follow.removed' }]);
      await assert.rejects(
        one.change({ users: [], relationships: [] }, () => {
          throw new Error('decided against');
        }),
      );
      const events = await createEventReader(one.log)();
      assert.deepEqual(
        events.map(({ type, sequence }) => [type, sequence]),
        [
          ['follow.added', 1],
          ['follow.removed', 2],
        ],
      );
    });

    test('counts are exact through every change of a relationship, and a private follow is in no shown count', async () => {
      await save(one, userNamed(1), userNamed(2));
      const counts = async () => (await two.users([1, 2])).map((user) => user?.counts);
      await relationship(one, 1, 2, { ...asking(10), block: 11, mute: 12 });
      assert.deepEqual(await counts(), [
        { ...NO_COUNTS, outgoing: 1, blocks: 1, mutes: 1 },
        { ...NO_COUNTS, requesters: 1 },
      ]);
      await relationship(two, 1, 2, privately(13));
      assert.deepEqual(await counts(), [{ ...NO_COUNTS, outgoing: 1 }, NO_COUNTS]);
      await relationship(one, 1, 2, publicly(14));
      await relationship(one, 1, 2, publicly(14));
      assert.deepEqual(await counts(), [
        { ...NO_COUNTS, following: 1, outgoing: 1 },
        { ...NO_COUNTS, followers: 1 },
      ]);
      await relationship(two, 1, 2, NO_RELATIONSHIP);
      assert.deepEqual(await counts(), [NO_COUNTS, NO_COUNTS]);
    });

    test('relationship bits hold everything between two users except a private follow of the viewer', async () => {
      await save(one, userNamed(1), userNamed(2), userNamed(3), userNamed(4));
      await relationship(one, 1, 2, { ...publicly(10), mute: 11 });
      await relationship(one, 2, 1, privately(12));
      await relationship(one, 1, 3, asking(13));
      await relationship(one, 3, 1, { ...publicly(14), block: 15 });
      await relationship(one, 1, 4, { ...NO_RELATIONSHIP, block: 16 });
      const others = [1, 2, 3, 4, 99];
      assert.deepEqual(await two.relationshipBits({ viewer: 1, others }), [
        0,
        RELATIONSHIP_BIT.following | RELATIONSHIP_BIT.muting,
        RELATIONSHIP_BIT.requested | RELATIONSHIP_BIT.followedBy | RELATIONSHIP_BIT.blockedBy,
        RELATIONSHIP_BIT.blocking,
        0,
      ]);
      assert.deepEqual(await two.relationshipBits({ viewer: 2, others: [1] }), [
        RELATIONSHIP_BIT.followingPrivately | RELATIONSHIP_BIT.followedBy,
      ]);
    });

    test('blocks and mutes are all users whom the viewer blocks or mutes, or who block the viewer', async () => {
      await save(one, ...[1, 2, 3, 4, 5].map((userId) => userNamed(userId)));
      assert.deepEqual(await one.blocksAndMutes(1), new Map());
      await relationship(one, 1, 2, { ...publicly(10), mute: 11 });
      await relationship(one, 2, 1, { ...NO_RELATIONSHIP, block: 12, mute: 13 });
      await relationship(one, 1, 3, { ...NO_RELATIONSHIP, block: 14 });
      await relationship(one, 4, 1, { ...publicly(15), mute: 16 });
      assert.deepEqual(
        await two.blocksAndMutes(1),
        new Map([
          [2, RELATIONSHIP_BIT.muting | RELATIONSHIP_BIT.blockedBy],
          [3, RELATIONSHIP_BIT.blocking],
        ]),
      );
      await relationship(two, 1, 2, NO_RELATIONSHIP);
      await relationship(two, 2, 1, NO_RELATIONSHIP);
      await relationship(two, 1, 3, NO_RELATIONSHIP);
      assert.deepEqual(await one.blocksAndMutes(1), new Map());
    });

    test('beyond the bound they are not listed, in whichever direction they are', async () => {
      const block = (source: number, target: number) =>
        relationship(one, source, target, { ...NO_RELATIONSHIP, block: 20 });
      await Promise.all(Array.from({ length: MAX_BLOCKS_AND_MUTES }, (_, i) => block(i + 2, 1)));
      assert.equal((await two.blocksAndMutes(1))?.size, MAX_BLOCKS_AND_MUTES);
      await block(1, 2);
      assert.equal(await two.blocksAndMutes(1), null);
    });

    test('each list holds its own kind, newest first, in pages that neither repeat nor skip', async () => {
      await save(one, ...[1, 2, 3, 4, 5].map((userId) => userNamed(userId)));
      await relationship(one, 1, 2, publicly(10));
      await relationship(one, 1, 3, privately(11));
      await relationship(one, 1, 4, publicly(12));
      await relationship(one, 5, 2, publicly(13));
      await relationship(one, 5, 4, privately(14));
      await relationship(one, 4, 1, { ...asking(15), block: 16, mute: 17 });
      assert.deepEqual(await list('ownFollowing', 1), [
        { id: 12, userId: 4, private: false },
        { id: 11, userId: 3, private: true },
        { id: 10, userId: 2, private: false },
      ]);
      assert.deepEqual(ids(await list('following', 1)), [4, 2]);
      assert.deepEqual(ids(await list('followers', 2)), [5, 1]);
      assert.deepEqual(ids(await list('followers', 4)), [1]);
      assert.deepEqual(await list('requests', 1), [{ id: 15, userId: 4, private: false }]);
      assert.deepEqual(await list('blocks', 4), [{ id: 16, userId: 1, private: false }]);
      assert.deepEqual(await list('mutes', 4), [{ id: 17, userId: 1, private: false }]);
      const page = await one.list({ kind: 'ownFollowing', userId: 1, before: 12, limit: 1 });
      assert.deepEqual(ids(page), [3]);
    });

    test('a private follow is reported nowhere once its followee became protected, even before it is removed', async () => {
      await save(one, userNamed(1), userNamed(2), userNamed(3));
      await relationship(one, 1, 2, privately(10));
      await save(one, userNamed(2, { protected: true, protections: 1 }));
      await relationship(one, 3, 2, publicly(11));
      assert.deepEqual(await two.relationshipBits({ viewer: 1, others: [2] }), [0]);
      assert.deepEqual(await list('ownFollowing', 1), []);
      assert.deepEqual(await two.followees(1), []);
      assert.deepEqual(await two.followerIds({ followee: 2, after: 0, limit: 10 }), [3]);
      assert.deepEqual(await two.follows([{ follower: 1, followee: 2 }]), []);
      assert.deepEqual(await two.pending({ followee: 2, kind: 'ended', limit: 10 }), [1]);
      assert.deepEqual(await two.pendingProtectionMigrations({ limit: 10 }), [2]);
      await save(one, userNamed(2, { protections: 1 }));
      assert.deepEqual(
        await two.relationshipBits({ viewer: 1, others: [2] }),
        [0],
        'nor when the followee is public again',
      );
      const again: Relationship = { ...NO_RELATIONSHIP, follow: { id: 12, private: true, protections: 1 } };
      await relationship(one, 1, 2, again);
      assert.deepEqual(await two.relationshipBits({ viewer: 1, others: [2] }), [
        RELATIONSHIP_BIT.followingPrivately,
      ]);
      assert.deepEqual(await two.pending({ followee: 2, kind: 'ended', limit: 10 }), []);
      await save(one, userNamed(2, { protections: 1, migratedProtections: 1 }));
      assert.deepEqual(await one.pendingProtectionMigrations({ limit: 10 }), []);
    });

    test('requests to an account that is not protected any more are pending, the oldest first', async () => {
      await save(one, ...[1, 2, 3].map((userId) => userNamed(userId)));
      await relationship(one, 3, 1, asking(10));
      await relationship(one, 2, 1, asking(11));
      assert.deepEqual(await two.pending({ followee: 1, kind: 'request', limit: 1 }), [3]);
      assert.deepEqual(await two.pendingProtectionMigrations({ limit: 10 }), [1]);
    });

    test('fan-out sees private follows too: followees newest first, followers in userId order in pages', async () => {
      await save(one, ...[1, 2, 3, 4, 5].map((userId) => userNamed(userId)));
      await save(one, userNamed(6, { state: 'deactivated' }));
      await relationship(one, 1, 5, publicly(10));
      await relationship(one, 1, 4, { ...privately(11), mute: 12, hiddenReposts: 14 });
      await relationship(one, 1, 6, publicly(13));
      assert.deepEqual(await two.followees(1), [
        { userId: 4, id: 11, private: true, muted: true, repostsHidden: true },
        { userId: 5, id: 10, private: false, muted: false, repostsHidden: false },
      ]);
      for (const source of [3, 2, 4])
        await relationship(one, source, 5, source === 3 ? privately(20) : publicly(20 + source));
      assert.deepEqual(await two.followerIds({ followee: 5, after: 0, limit: 2 }), [1, 2]);
      assert.deepEqual(await two.followerIds({ followee: 5, after: 2, limit: 2 }), [3, 4]);
      const edges = await two.follows([
        { follower: 1, followee: 4 },
        { follower: 4, followee: 1 },
        { follower: 1, followee: 5 },
      ]);
      assert.deepEqual(edges, [
        { follower: 1, followee: 4, id: 11, private: true },
        { follower: 1, followee: 5, id: 10, private: false },
      ]);
      const asked = [
        { follower: 1, followee: 4 },
        { follower: 5, followee: 1 },
        { follower: 1, followee: 5 },
      ];
      assert.deepEqual(await two.publicFollows(asked), [{ follower: 1, followee: 5 }]);
    });

    test('users are scanned in userId order; relationships of a user are all found, a few at a time', async () => {
      await save(one, userNamed(4_294_967_295), userNamed(2), userNamed(9));
      assert.deepEqual(ids(await two.scan({ after: 0, limit: 2 })), [2, 9]);
      assert.deepEqual(ids(await two.scan({ after: 9, limit: 2 })), [4_294_967_295]);
      await relationship(one, 2, 9, { ...publicly(1), mute: 2 });
      await relationship(one, 9, 2, asking(3));
      await relationship(one, 4_294_967_295, 2, { ...privately(4), block: null });
      await relationship(one, 4_294_967_295, 9, publicly(5));
      for (let left = 3; left > 0; left--) {
        const found = await two.relationshipsOf({ userId: 2, limit: 100 });
        assert.equal(found.length, left);
        const [first] = await two.relationshipsOf({ userId: 2, limit: 1 });
        assert.ok(first !== undefined && (first.source === 2 || first.target === 2));
        await relationship(one, first.source, first.target, NO_RELATIONSHIP);
      }
      assert.deepEqual(await two.relationshipsOf({ userId: 2, limit: 1 }), []);
    });

    test('the newest ended mutes and blocks of a viewer are kept until they are deleted', async () => {
      const ended = (hidden: NonNullable<Decision<null>['hidden']>) =>
        one.change({ users: [], relationships: [] }, () => ({ ...plain(null), hidden }));
      const period = (userId: UserId, until: number) => ({ userId, since: until - 5, until });
      const untils = async (viewer: UserId) =>
        (await two.hiddenPeriods(viewer)).map(({ until }) => until).sort((a, b) => a - b);
      await ended([
        { viewer: 2, ...period(9, 20) },
        { viewer: 9, ...period(2, 20) },
      ]);
      await ended([{ viewer: 2, ...period(9, 40) }]);
      assert.deepEqual(await untils(2), [20, 40]);
      assert.deepEqual(await two.hiddenPeriods(9), [{ userId: 2, since: 15, until: 20 }]);
      await ended(
        Array.from({ length: MAX_HIDDEN_PERIODS }, (_, i) => ({ viewer: 2, ...period(7, 100 + i) })),
      );
      const kept = await untils(2);
      assert.deepEqual([kept.length, kept[0]], [MAX_HIDDEN_PERIODS, 100]);
      assert.equal(await two.forgetHiddenPeriods({ userId: 9, limit: 5 }), 1);
      assert.deepEqual(await one.hiddenPeriods(9), []);
      assert.equal(await two.forgetHiddenPeriods({ userId: 7, limit: 10 }), 10);
      assert.equal((await untils(2)).length, MAX_HIDDEN_PERIODS - 10);
    });

    test('the smallest and the largest snowflake are ordered correctly', async () => {
      const last = Number.MAX_SAFE_INTEGER - 1;
      await save(one, userNamed(1), userNamed(2), userNamed(3));
      await relationship(one, 1, 2, publicly(1));
      await relationship(one, 1, 3, publicly(last));
      assert.deepEqual(ids(await list('following', 1)), [3, 2]);
      assert.equal((await two.follows([{ follower: 1, followee: 3 }]))[0]?.id, last);
    });
  });
}
