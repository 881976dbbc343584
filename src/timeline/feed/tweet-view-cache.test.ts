import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isWarbleError } from '#domain/errors.ts';
import type { TweetId, UserId } from '#domain/ids.ts';
import { createChangeTeller, TELLS_NOTHING } from '#platform/change-clock.ts';
import { createManualClock } from '#platform/clock.ts';
import { createMemoryTopSnapshots } from '../stores/memory/top-snapshots.ts';
import { createWorld, type World } from '../testing/world.ts';
import type { TweetView } from '../timeline.ts';
import { createReads } from './reads.ts';
import { createTweetViewCache, type TweetViewChanges } from './tweet-view-cache.ts';

const USERS = [1, 2, 3, 4, 5] as const;
const [ANN, BEN, CAT] = USERS;

function openWorld() {
  const clock = createManualClock(1_800_000_000_000);
  const world = createWorld(clock);
  for (const userId of USERS) world.join(userId);
  const tweetIds: TweetId[] = [];
  const readsWith = (...changes: TweetViewChanges) =>
    createReads({
      ...world,
      tweetViewCache: createTweetViewCache({ changes }),
      snapshots: createMemoryTopSnapshots({ clock }),
      globalTop: { newest: () => Promise.reject(new Error('is not asked for')) },
      homes: { candidates: () => Promise.reject(new Error('is not asked for')) },
      openHomeTop: async () => {
        const left = [...tweetIds];
        return { partial: false, take: async (count) => left.splice(0, count) };
      },
    });
  return { world, tweetIds, readsWith };
}

type Act = (world: World, tweetIds: TweetId[]) => void;
const user = fc.constantFrom(...USERS);
const nth = fc.nat(20);
const toggle = (set: Set<UserId>, userId: UserId) => {
  if (!set.delete(userId)) set.add(userId);
};
const at = <T>(list: readonly T[], index: number): T | undefined => list[index % Math.max(1, list.length)];

const act: fc.Arbitrary<Act> = fc.oneof(
  user.map(
    (author): Act =>
      (world, ids) =>
        void ids.unshift(world.post(author)),
  ),
  fc.tuple(nth, user).map(
    ([n, who]): Act =>
      (world, ids) => {
        const tweetId = at(ids, n);
        if (tweetId === undefined) return;
        if (world.items.get(tweetId)!.likes.has(who)) world.unlike(tweetId, who);
        else world.like(tweetId, who);
      },
  ),
  fc.tuple(nth, user).map(
    ([n, who]): Act =>
      (world, ids) => {
        const tweetId = at(ids, n);
        if (tweetId !== undefined) world.comment(tweetId, who);
      },
  ),
  fc.tuple(nth, nth).map(
    ([n, m]): Act =>
      (world, ids) => {
        const comment = at(world.items.get(at(ids, n) ?? 0)?.comments ?? [], m);
        if (comment !== undefined) world.remove(comment.id);
      },
  ),
  nth.map(
    (n): Act =>
      (world, ids) => {
        const tweetId = at(ids, n);
        if (tweetId !== undefined) world.remove(tweetId);
      },
  ),
  fc.tuple(user, fc.boolean(), fc.constantFrom('active' as const, 'suspended' as const)).map(
    ([who, locked, state]): Act =>
      (world) =>
        world.setAccount(who, { protected: locked, state }),
  ),
  fc
    .tuple(user, user, fc.constantFrom('blocking' as const, 'muting' as const, 'following' as const))
    .filter(([one, other]) => one !== other)
    .map(
      ([one, other, relationship]): Act =>
        (world) =>
          toggle(world.users.get(one)![relationship], other),
    ),
);

test('whatever happened, every reader is shown the same with cached tweet views as without', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40, size: 'max' }), async (acts) => {
      const { world, tweetIds, readsWith } = openWorld();
      const [kept, plain] = [readsWith(world.changes), readsWith(TELLS_NOTHING)];
      for (const each of acts) {
        each(world, tweetIds);
        for (const reader of USERS) {
          const request = { reader, window: 'all', k: 30, own: true } as const;
          assert.deepEqual(await kept.homeTop(request), await plain.homeTop(request));
        }
        for (const tweetId of tweetIds.slice(0, 3)) {
          const request = { tweetId, viewer: null };
          const refused = (error: unknown) => {
            assert.ok(isWarbleError(error, 'not_found'));
            return null;
          };
          assert.deepEqual(
            await kept.tweet(request).catch(refused),
            await plain.tweet(request).catch(refused),
          );
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('a cached tweet view costs any further reader two calls, and none to the tweets service', async () => {
  const { world, tweetIds, readsWith } = openWorld();
  const reads = readsWith(world.changes);
  tweetIds.push(world.post(BEN));
  world.like(tweetIds[0]!, CAT);
  await reads.homeTop({ reader: ANN, window: 'all', k: 5, own: false });
  world.calls.clear();
  const page = await reads.homeTop({ reader: CAT, window: 'all', k: 5, own: false });
  assert.deepEqual(page.items[0]!.viewer, { liked: true, reposted: false });
  assert.deepEqual(Object.fromEntries(world.calls), {
    'social.blocksAndMutes': 1,
    'engagement.viewerState': 1,
  });
});

test('a tweet view is not cached if a part of it changed while it was built', () => {
  const changes = createChangeTeller({ soleOwner: true });
  const tweetViewCache = createTweetViewCache({ changes: [changes] });
  const tweet = { id: 7, entities: { mentions: [{ userId: 2 }, { userId: null }] } };
  const comments = [{ commentId: 3 }];
  const tweetView = { tweet, users: [{ userId: 1 }], comments, likes: [] } as unknown as TweetView;
  for (const part of [7, 1, 2, 3]) {
    tweetViewCache.fill((keep) => {
      changes.tell([part]);
      keep(tweetView);
    });
    assert.equal(tweetViewCache.get(7), undefined, `${part} changed meanwhile`);
    tweetViewCache.fill((keep) => keep(tweetView));
    assert.equal(tweetViewCache.get(7), tweetView);
    changes.tell([part]);
    assert.equal(tweetViewCache.get(7), undefined, `nor once ${part} has changed`);
  }
});
